"""The seed article: its golden output, and how much of its hand annotation is found."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from onrecord.evaluation.meaning import same_name, share_half
from onrecord.stages.quotations import find_quotations

GOLDEN = ROOT / "output" / "golden" / "claims.jsonl"
# Confidences come from floating point, which differs a little from processor to processor.
TOLERANCE = 0.03
# Figures reached; raise them when they rise.
FOUND, EXACT = 32, 29


def without_confidence(claim: dict[str, Any]) -> dict[str, Any]:
    claim = copy.deepcopy(claim)
    claim.pop("confidence")
    return claim


def test_golden_output(seed_claims: list[dict[str, Any]]) -> None:
    golden = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    assert [without_confidence(claim) for claim in seed_claims] == [without_confidence(claim) for claim in golden]
    for claim, expected in zip(seed_claims, golden, strict=True):
        assert claim["confidence"] == pytest.approx(expected["confidence"], abs=TOLERANCE)


def letters(spans: list[tuple[int, int]], text: str) -> set[int]:
    """Offsets of letters and digits: punctuation at the ends does not count."""
    return {i for start, end in spans for i in range(start, end) if text[i].isalnum()}


@pytest.fixture
def annotation(gold: Path) -> dict[str, Any]:
    return json.loads((gold / "seed.gold.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture
def matched(annotation: dict[str, Any], seed_claims: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Any, bool]]:
    """Core attributions of the annotation that are found, the claim that shares most with each, equal contents."""
    text, found = annotation["text"], []
    for record in annotation["records"]:
        if record["core"]:
            wanted = letters([tuple(piece["span"]) for piece in record["content"]], text)
            claims = [(letters(spans_of(claim), text), claim) for claim in seed_claims]
            content, claim = max(claims, key=lambda pair: len(wanted & pair[0]) / len(wanted | pair[0]))
            if len(wanted & content) >= 0.5 * len(wanted | content):
                found.append((record, claim, wanted == content))
    return found


def spans_of(claim: dict[str, Any]) -> list[tuple[int, int]]:
    return [(span["start"], span["end"]) for span in claim["content"]["spans"]]


def test_hand_annotation_is_found(matched: list[tuple[dict[str, Any], dict[str, Any], bool]]) -> None:
    assert len(matched) >= FOUND
    assert sum(exact for _, _, exact in matched) >= EXACT


def test_every_speaker_found_is_right(matched: list[tuple[dict[str, Any], dict[str, Any], bool]]) -> None:
    pairs = [(record["speaker"], claim["speaker"]["name"]) for record, claim, _ in matched]
    assert [(gold["name"], name) for gold, name in pairs if not same_name(gold["name"], name, gold["kind"])] == []


def test_stances_and_targets(matched: list[tuple[dict[str, Any], dict[str, Any], bool]]) -> None:
    stances = [claim["stance"] in record["stance"] for record, claim, _ in matched]
    targets = [
        is_target(record["targets"], claim["target"] or {"name": None, "text": ""}) for record, claim, _ in matched
    ]
    assert sum(stances) >= 0.85 * len(stances)
    assert sum(targets) >= 0.75 * len(targets)


def is_target(wanted: list[str], target: dict[str, Any]) -> bool:
    return target["name"] in wanted or any(share_half(phrase, target["text"]) for phrase in wanted)


def test_every_quotation_is_in_a_record_or_scare_quotes(seed: Path, seed_claims: list[dict[str, Any]]) -> None:
    text = seed.read_text(encoding="utf-8")
    spans = [span for claim in seed_claims for span in spans_of(claim)]
    left = [q for q in find_quotations(text) if not any(s <= q.inner_start and q.inner_end <= e for s, e in spans)]
    assert [text[q.start : q.end] for q in left if len(text[q.start : q.end].split()) > 3] == []


def test_no_idiom_is_a_record(seed_claims: list[dict[str, Any]]) -> None:
    cues = [claim["cue"]["text"] for claim in seed_claims if claim["cue"]]
    assert [cue for cue in cues if "recognized" in cue or "known" in cue] == []
