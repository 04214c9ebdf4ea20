"""Training items: attributions with target and stance, and news sentences with polarity toward a mention."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from onrecord.labels import STANCES
from onrecord.pieces import Pieces, encode
from onrecord.stages.quotations import find_quotations
from onrecord.stages.stances.network import CONTENT, CUE, Marked, allowed, cue_stance, mark

# One fold of the articles is held out, for calibration and an honest look.
FOLDS = 16
NO_SPAN: list[tuple[int, int]] = []
NEUTRAL_HEAT = {"target_temperature": 1.0, "stance_temperature": 1.0}


@dataclass(frozen=True)
class Answer:
    """What another reader makes of an item: places (n, 2) of targets with chances (n,), chances (3,) of the stances."""

    places: NDArray[np.int64]
    chances: NDArray[np.float32]
    stance: NDArray[np.float32]


@dataclass(frozen=True)
class Item:
    """A marked attribution with the chances of its stances and the places (first, last) where its target may stand.

    `weight`: what it counts in training; `given`: the target is one of many, not to be found from the text; `answer`:
    what a larger reader says.
    """

    doc_id: str
    marked: Marked
    targets: list[tuple[int, int]]
    stance: tuple[float, ...]
    label: dict[str, Any]
    text: str
    weight: float = 1.0
    given: bool = False
    answer: Answer | None = None

    @property
    def gold(self) -> str:
        """The likeliest stance."""
        return STANCES[int(np.argmax(self.stance))]


def certain(stance: str) -> tuple[float, ...]:
    """Return the chances of the stances when one is known."""
    return tuple(float(stance == one) for one in STANCES)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a JSONL file; nothing if it is not there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def held_out(doc_id: str, folds: int) -> bool:
    """Return whether an article is in fold 0 of `folds`, by its name's hash."""
    return int(hashlib.sha256(doc_id.encode()).hexdigest(), 16) % folds == 0


def attributions(articles: Path, labels: Path, tokenizer: Tokenizer, weight: float = 1.0) -> list[Item]:
    """Return the labelled attributions of the articles, in the order of the labels; labels of others are left out."""
    texts = {article["doc_id"]: article for article in read_lines(articles)}
    pieces: dict[str, Pieces] = {}
    items = []
    for label in read_lines(labels):
        if label["doc_id"] not in texts:
            continue
        article = texts[label["doc_id"]]
        if label["doc_id"] not in pieces:
            pieces[label["doc_id"]] = encode(article["text"], find_quotations(article["text"]), tokenizer)
        gold = next(item for item in article["attributions"] if item["id"] == label["id"])
        items.append(attribution(gold, label, article["text"], pieces[label["doc_id"]], weight))
    return items


def attribution(gold: dict[str, Any], label: dict[str, Any], text: str, pieces: Pieces, weight: float = 1.0) -> Item:
    source, cue, content = ([(start, end) for start, end in gold[role]] for role in ("source", "cue", "content"))
    carried = cue_stance(" ".join(text[start:end] for start, end in cue))
    marked = mark(pieces, source, cue, content, carried)
    targets = occurrences(label["target"], text, content, marked) or occurrences(label["target"], text, cue, marked)
    return Item(label.get("doc_id", ""), marked, targets, certain(label["stance"]), label, text, weight)


def occurrences(target: str, text: str, spans: Sequence[tuple[int, int]], marked: Marked) -> list[tuple[int, int]]:
    """Return the places in `spans` where the words of `target` stand as a possible target."""
    possible = allowed(marked)
    found = []
    for start, end in spans:
        at = text.find(target, start, end)
        while at >= 0:
            place = places(marked, at, at + len(target))
            if place and possible[place]:
                found.append(place)
            at = text.find(target, at + 1, end)
    return found


def places(marked: Marked, start: int, end: int) -> tuple[int, int] | None:
    """Return the places (first, last) of the pieces that cover characters [start, end), if they are all there."""
    inside = np.flatnonzero((marked.end > start) & (marked.start < end))
    if not len(inside) or marked.start[inside[0]] > start or marked.end[inside[-1]] < end:
        return None
    return int(inside[0]), int(inside[-1])


# ---------------------------------------------------------------- polarity in news sentences


def newsmtsc(path: Path, tokenizer: Tokenizer) -> Iterator[Item]:
    """Yield NewsMTSC's sentences (Hamborg and Donnay, EACL 2021); the whole sentence is content."""
    for row in read_lines(path):
        stance = {1: "support", -1: "oppose", 0: "neutral"}[row["polarity"]]
        yield from sentence(news_article(row["id"]), row["sentence"], None, row["target"], stance, tokenizer)


def news_article(sentence_id: str) -> str:
    """Return the article of a sentence of NewsMTSC."""
    return "_".join(sentence_id.split("_")[:3])


def dse(path: Path, tokenizer: Tokenizer, polar: int, neutral: int, rng: Random) -> Iterator[Item]:
    """Yield pairs of Park et al. (ACL 2021), the holder as source: so many with polarity, so many without."""
    rows = read_lines(path)
    chosen = rng.sample([row for row in rows if row["polarity"]], polar)
    for row in chosen + rng.sample([row for row in rows if not row["polarity"]], neutral):
        stance = {1: "support", -1: "oppose", 0: "neutral"}[row["polarity"]]
        holder, target = row["holder"] or row["ent1"], row["target"] or row["ent2"]
        yield from sentence(row["id"], row["sentence"], holder, target, stance, tokenizer)


def sentence(
    doc_id: str, text: str, holder: list[int] | None, target: list[int], stance: str, tokenizer: Tokenizer
) -> Iterator[Item]:
    """Yield one item, if the target is where it should be."""
    pieces = encode(text, find_quotations(text), tokenizer)
    marked = mark(pieces, [(holder[0], holder[1])] if holder else NO_SPAN, NO_SPAN, [(0, len(text))])
    inside = np.flatnonzero((marked.end > target[0]) & (marked.start < target[1]))
    if len(inside):
        place = int(inside[0]), int(inside[-1])
        label = {"target": text[target[0] : target[1]]}
        yield Item(doc_id, marked, [place], certain(stance), label, text, given=True)


def averages(item: Item) -> NDArray[np.float32]:
    """Return (3, length) weights that average the first possible target, the cue and the content."""
    roles = item.marked.roles
    target = np.zeros(len(roles), dtype=bool)
    for first, last in item.targets[:1]:
        target[first : last + 1] = True
    masks = np.stack([target, roles >= CUE, roles == CONTENT]).astype(np.float32)
    weights: NDArray[np.float32] = masks / np.maximum(masks.sum(1, keepdims=True), 1)
    return weights
