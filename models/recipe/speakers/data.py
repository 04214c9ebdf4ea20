"""Read gold articles with their attributions and meaning labels, parsed once and kept in a DocBin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc, DocBin

from onrecord.pipeline import BASE, load_base
from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.attributions.attribution import position

Label = dict[str, Any]


@dataclass(frozen=True)
class Article:
    """`labels` has one entry an attribution, None where it is not labelled."""

    id: str
    doc: Doc
    attributions: list[Attribution]
    labels: list[Label | None]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSONL file."""
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read_articles(gold: Path, meaning: Path, cache: Path) -> list[Article]:
    """Return the articles of `gold` that have labels in `meaning`; `cache` keeps the parsed texts."""
    labels: dict[str, dict[str, Label]] = {}
    for label in read_lines(meaning):
        labels.setdefault(label["doc_id"], {})[label["id"]] = label
    rows = [row for row in read_lines(gold) if row["doc_id"] in labels]
    docs = parse([row["text"] for row in rows], cache)
    return [Article(row["doc_id"], doc, *attributions_of(row, labels[row["doc_id"]])) for row, doc in zip(rows, docs)]


def parse(texts: list[str], cache: Path) -> list[Doc]:
    """Parse `texts` with the pipeline's base model, or take them from `cache` if it has them all."""
    if cache.exists():
        docs = {doc.text: doc for doc in DocBin().from_disk(cache).get_docs(spacy.blank("en").vocab)}
        if all(text in docs for text in texts):
            return [docs[text] for text in texts]
    nlp = load_base(BASE)
    docs_now = [nlp(text) for text in texts]
    DocBin(docs=docs_now).to_disk(cache)
    return docs_now


def attributions_of(row: dict[str, Any], labels: dict[str, Label]) -> tuple[list[Attribution], list[Label | None]]:
    """Return an article's attributions in text order, with their labels."""
    pairs = [(attribution_of(item), labels.get(item["id"])) for item in row["attributions"] if item["content"]]
    pairs.sort(key=lambda pair: position(pair[0]))
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def attribution_of(item: dict[str, Any]) -> Attribution:
    """Turn a gold item into an attribution; of a source or cue in pieces the longest one stays."""
    content = tuple((piece[0], piece[1]) for piece in item["content"])
    return Attribution(longest(item["source"]), longest(item["cue"]), content)


def longest(pieces: list[list[int]]) -> Span | None:
    """Return the longest of some spans."""
    best = max(pieces, key=lambda piece: piece[1] - piece[0], default=None)
    return (best[0], best[1]) if best else None
