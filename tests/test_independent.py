"""Score floors on invented articles, of other outlets, countries and genres than the network was trained on.

`independent/articles.jsonl` is in the gold format; `inner.jsonl` has the attributions inside the contents of others,
`labels.jsonl` stances and targets. A language model wrote and annotated them for this purpose, apart from those that
training reads, and without headlines; no threshold or rule was chosen on them. Unlike the other gold they come with
the project, so these floors hold on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from spacy.language import Language

import onrecord
from onrecord.evaluation import roles
from onrecord.evaluation.gold import GoldArticle, read_gold
from onrecord.evaluation.meaning import share_half
from onrecord.evaluation.spans import Comparison, compare, score_spans
from onrecord.records import Record

FOLDER = Path(__file__).parent / "independent"
FLOORS = {"attr@0.5": 89.0, "attr+src@0.5": 85.6, "attr-full@0.5": 85.6}
INNER_FLOOR, EXACT_FLOOR, STANCE_FLOOR, TARGET_FLOOR = 33.0, 81.4, 71.1, 76.2

Found = dict[str, tuple[GoldArticle, list[Record]]]


@pytest.fixture(scope="module")
def found(nlp: Language) -> Found:
    articles = read_gold(FOLDER / "articles.jsonl")
    return {key: (one, onrecord.extract(one.text, nlp=nlp, doc_id=key)) for key, one in articles.items()}


def compared(article: GoldArticle, records: Sequence[Record]) -> Comparison:
    return compare(article, [roles(record) for record in records])


def outer(records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.within is None]


def test_attributions(found: Found) -> None:
    figures = score_spans([compared(article, outer(records)) for article, records in found.values()])
    f1 = {name: figures["attributions"][name]["f1"] for name in FLOORS}
    assert all(f1[name] >= floor for name, floor in FLOORS.items()), f1
    assert figures["exact"]["content"]["f1"] >= EXACT_FLOOR


def test_attributions_inside_others(found: Found) -> None:
    inner = {
        row["doc_id"]: {str(n): {k: tuple(map(tuple, v)) for k, v in one.items()} for n, one in enumerate(row["inner"])}
        for row in map(json.loads, (FOLDER / "inner.jsonl").read_text(encoding="utf-8").splitlines())
    }
    rows = [
        compared(replace(article, attributions=inner[key]), [one for one in records if one.within is not None])
        for key, (article, records) in found.items()
    ]
    assert score_spans(rows)["attributions"]["attr@0.5"]["f1"] >= INNER_FLOOR


def test_stances_and_targets(found: Found) -> None:
    rows = map(json.loads, (FOLDER / "labels.jsonl").read_text(encoding="utf-8").splitlines())
    labels = {(row["doc_id"], row["id"]): row for row in rows}
    stances, targets = [], []
    for key, (article, records) in found.items():
        ids, candidates = list(article.attributions), outer(records)
        for gold, number in compared(article, candidates).pairs:
            if (label := labels.get((key, ids[gold]))) is not None:
                record = candidates[number]
                stances.append(record.stance == label["stance"])
                targets.append(record.target is not None and share_half(label["target"], record.target.text))
    assert 100 * sum(stances) / len(stances) >= STANCE_FLOOR
    assert 100 * sum(targets) / len(targets) >= TARGET_FLOOR
