"""The encoder that finds attributions: every word is scored, in windows that it can hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spacy.language import Language

import onrecord
from en_onrecord import path
from onrecord.encoder import LENGTH, Encoder, load_encoder
from onrecord.pieces import lay_out, windows
from onrecord.stages.quotations import find_quotations
from onrecord.stages.stances import make_stances

TEXTS = [
    "",
    "\n \n",
    "“We lost,” Ruiz said.\n\nRain fell.",
    "Ruiz said the road was closed. " * 120,
    "\n".join(["She denied it.", "Officials said the dam would hold, " * 60, "“No,” he said."]),
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(path())


@pytest.fixture(scope="module")
def nlp() -> Language:
    return onrecord.load()


@pytest.mark.parametrize("text", TEXTS, ids=["empty", "blank", "short", "long paragraph", "mixed"])
def test_every_word_is_scored(text: str, encoder: Encoder) -> None:
    pieces = encoder.pieces(text, find_quotations(text))
    found = {word for scored in encoder.score(pieces) for word in scored.words.tolist()}
    assert sorted(found) == np.flatnonzero(pieces.first).tolist()


@pytest.mark.parametrize("text", TEXTS[2:], ids=["short", "long paragraph", "mixed"])
def test_windows_fit_the_encoder(text: str, encoder: Encoder) -> None:
    pieces = encoder.pieces(text, find_quotations(text))
    assert all(len(lay_out(window, pieces).ids) <= LENGTH for window in windows(pieces, LENGTH, context=64))


def test_words_are_scored_once_in_a_core(encoder: Encoder) -> None:
    pieces = encoder.pieces(TEXTS[3], [])
    cores = [
        word
        for scored in encoder.score(pieces)
        for word in scored.words.tolist()
        if scored.window.core <= word < scored.window.core_end
    ]
    assert cores == np.flatnonzero(pieces.first).tolist()


def test_stances_depend_on_the_doc_alone(nlp: Language) -> None:
    doc = nlp("“The plan is a disgrace,” Mayor Ana Ruiz said.\n\nShe praised the firefighters.")
    judged = doc._.onrecord["stances"]
    stances = make_stances(nlp, "stances", None)
    assert stances(doc)._.onrecord["stances"] == judged


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"encoder\.onnx is missing"):
        Encoder(tmp_path)
