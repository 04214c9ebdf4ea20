"""The encoder that the trained stages share: what it keeps of a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spacy.language import Language

import onrecord
from en_onrecord import path
from onrecord.encoder import LENGTH, READINGS, Encoder, load_encoder
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
def test_every_piece_has_a_view(text: str, encoder: Encoder) -> None:
    reading = encoder.read(text, find_quotations(text))
    assert reading.views.shape == (len(reading.pieces), encoder.width)
    assert reading.views.any(1).all()


@pytest.mark.parametrize("text", TEXTS[2:], ids=["short", "long paragraph", "mixed"])
def test_windows_fit_the_encoder(text: str, encoder: Encoder) -> None:
    pieces = encoder.open(text, find_quotations(text)).pieces
    assert all(len(lay_out(window, pieces).ids) <= LENGTH for window in windows(pieces, LENGTH, context=64))


def test_words_are_scored_once_in_a_core(encoder: Encoder) -> None:
    reading = encoder.open(TEXTS[3], [])
    cores = [
        word
        for scored in encoder.score(reading)
        for word in scored.words.tolist()
        if scored.window.core <= word < scored.window.core_end
    ]
    assert cores == np.flatnonzero(reading.pieces.first).tolist()


def test_a_doc_that_lost_its_reading_is_read_again(nlp: Language) -> None:
    doc = nlp("“The plan is a disgrace,” Mayor Ana Ruiz said.\n\nShe praised the firefighters.")
    judged = doc._.onrecord["stances"]
    stances = make_stances(nlp, "stances", None)
    assert doc not in READINGS
    assert stances(doc)._.onrecord["stances"] == judged


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"encoder\.onnx is missing"):
        Encoder(tmp_path)
