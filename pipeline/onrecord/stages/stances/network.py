"""Run the reader of the stances: from an attribution, as pieces with roles, to target spans and stances.

In: `Pieces` and the spans of one attribution. Out: candidate targets with log probabilities, and for each of them the
chances of the three stances. One attribution at a time, unpadded and on one thread: dynamic int8 scales depend on what
shares a batch, and a judgement must not depend on what stands beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from onrecord.lexicons import find_cue
from onrecord.model_folder import check_files, load_tokenizer, open_session
from onrecord.pieces import CLS, Pieces
from onrecord.stages.attributions.decoding import Array, log_softmax

Spans = Sequence[tuple[int, int]]
Index = NDArray[np.int64]

# Positions that the reader sees of one attribution: 99% of the training attributions need fewer.
LENGTH = 128
# Pieces of the longest target: gold ones have 21 at most.
LONGEST = 30
# Candidate targets kept for one attribution: the gold one is among the first five in nine of ten cases.
CANDIDATES = 16
# Pieces that join two targets (*and*, *or*, *nor*, a comma), and the prepositions that may be repeated behind them.
JOINTS = frozenset((1998, 2030, 4496, 1010))
PREPOSITIONS = frozenset((2011, 1997, 2005, 2000, 2007, 2114, 2055, 2006, 2012, 1999, 2013))
# What a piece is in the attribution. A cue of the lexicon that carries a stance by itself has a role of its own.
NONE, SOURCE, CONTENT, CUE = 0, 1, 2, 3
CUE_ROLES = {"neutral": CUE, "support": 4, "oppose": 5}
ROLES = 6


@dataclass(frozen=True, slots=True)
class Marked:
    """An attribution as the reader sees it, as arrays of one length; the first place stands for the whole of it.

    `features` are those of `Pieces`; `segment`: number of the stretch of content
    or cue that a piece stands in, 0 outside: a target lies in one stretch; `first`, `last`: edges of words; `start`,
    `end`: characters.
    """

    ids: Index
    features: Index
    roles: Index
    segment: Index
    first: NDArray[np.bool_]
    last: NDArray[np.bool_]
    start: Index
    end: Index


def mark(pieces: Pieces, source: Spans, cue: Spans, content: Spans, cue_stance: str = "neutral") -> Marked:
    """Mark an attribution, given in characters; of one too long for `LENGTH` the end of the content is left out."""
    ranges = [
        (start, end, role)
        for role, spans in ((CONTENT, content), (SOURCE, source), (CUE_ROLES[cue_stance], cue))
        for start, end in (piece_range(pieces, span) for span in spans)
        if start < end
    ]
    begin = min(start for start, _, _ in ranges)
    held = np.zeros(max(end for _, end, _ in ranges) - begin, dtype=np.int64)
    for start, end, role in ranges:
        held[start - begin : end - begin] = role
    index = stretch(held)
    piece: Index = np.concatenate([[-1], begin + index])
    real = piece >= 0
    roles: Index = np.concatenate([[NONE], held[index]])
    following = np.append(pieces.first[1:], True)
    return Marked(
        np.where(real, pieces.ids[piece], CLS),
        np.where(real, pieces.features[piece], 0),
        roles,
        segments(piece, roles),
        real & pieces.first[piece],
        real & following[piece],
        np.where(real, pieces.start[piece], 0),
        np.where(real, pieces.end[piece], 0),
    )


def piece_range(pieces: Pieces, span: tuple[int, int]) -> tuple[int, int]:
    """Return the range of pieces that a span of characters touches."""
    return int(np.searchsorted(pieces.end, span[0], "right")), int(np.searchsorted(pieces.start, span[1], "left"))


def stretch(roles: Index) -> Index:
    """Return the places to read, rising, of an attribution from its first to its last piece: all, or what fits.

    `roles` are those of the pieces, `NONE` between the attribution's parts: the further from them, the less a piece
    tells.
    """
    whole = np.arange(len(roles))
    room = LENGTH - 1
    if len(whole) <= room:
        return whole
    held = np.flatnonzero(roles)
    right = np.minimum(np.searchsorted(held, whole), len(held) - 1)
    distance = np.minimum(np.abs(held[right] - whole), np.abs(whole - held[np.maximum(right - 1, 0)]))
    order = np.lexsort((whole, np.where(distance > 0, distance + 1, roles == CONTENT)))
    nearest: Index = np.sort(whole[order[:room]])
    return nearest


def segments(place: Index, role: Index) -> Index:
    """Number the unbroken stretches of content and of cue from 1; 0 elsewhere."""
    inside = role >= CONTENT
    new = np.ones(len(place), dtype=bool)
    new[1:] = (place[1:] - place[:-1] != 1) | (role[1:] != role[:-1])
    numbers: Index = np.where(inside, np.cumsum(new), 0)
    return numbers


# ---------------------------------------------------------------- candidates


def allowed(marked: Marked) -> NDArray[np.bool_]:
    """Return the (first piece, last piece) matrix of possible targets: whole words of one segment."""
    place = np.arange(len(marked.ids))
    width = place[None] - place[:, None]
    same = (marked.segment[:, None] == marked.segment[None]) & (marked.segment[:, None] > 0)
    possible: NDArray[np.bool_] = same & marked.first[:, None] & marked.last[None] & (width >= 0) & (width < LONGEST)
    return possible


@dataclass(frozen=True, slots=True)
class Candidates:
    """Possible targets: (first, last) places, their log probabilities, (n, 3) stance logits.

    They are in falling order, but for those at the end that are there because they are joined to the best one.
    """

    places: Index
    scores: Array
    stances: Array


def best_spans(possible: Array) -> tuple[Index, Array]:
    """Return the most likely targets (n, 2) and log probabilities (n,).

    `possible` holds the (length, length) scores of all spans, -inf for those that can't be a target.
    """
    rows, columns = np.nonzero(np.isfinite(possible))
    if not len(rows):
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.float32)
    chances = log_softmax(possible[rows, columns])
    order = np.argsort(-chances, kind="stable")[:CANDIDATES]
    return np.stack([rows[order], columns[order]], 1), chances[order]


def conjuncts(marked: Marked, possible: Array, place: Index) -> Index:
    """Return the likeliest targets (n, 2) right before and right behind *and*, *or* or a comma next to a target."""
    found = []
    at = int(place[1]) + 1
    while at < len(marked.ids) and marked.ids[at] in JOINTS | PREPOSITIONS:
        at += 1
    joined = at < len(marked.ids) and marked.ids[place[1] + 1] in JOINTS
    if joined and np.isfinite(possible[at].max()):
        found.append((at, int(possible[at].argmax())))
    at = int(place[0]) - 1
    at -= marked.ids[at] in PREPOSITIONS
    if marked.ids[at] in JOINTS and np.isfinite(possible[:, at - 1].max()):
        found.append((int(possible[:, at - 1].argmax()), at - 1))
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def span_means(rows: Array, places: Index) -> Array:
    """Return the mean (n, width) of the rows (length, width) of each span."""
    sums = np.zeros((len(rows) + 1, rows.shape[1]), dtype=np.float32)
    np.cumsum(rows, 0, out=sums[1:])
    first, last = places[:, 0], places[:, 1] + 1
    totals = sums[last] - sums[first]
    totals /= (last - first)[:, None]
    return totals


def mean(vectors: Array, mask: NDArray[np.bool_]) -> Array:
    """Return the mean of the masked rows; zeros if there are none."""
    total: Array = mask.astype(np.float32) @ vectors
    total /= max(int(mask.sum()), 1)
    return total


class Reader:
    """The exported reader of a model folder; load once, use for any number of articles."""

    def __init__(self, folder: Path) -> None:
        check_files(folder, ("stances.onnx", "stances.npz", "stances.json", "tokenizer.json"))
        self.tokenizer = load_tokenizer(folder)
        self.session = open_session(folder / "stances.onnx")
        with np.load(folder / "stances.npz") as weights:
            self.head = {name: weights[name] for name in ("rest", "rest_bias", "down", "down_bias")}
        self.calibration: dict[str, float] = json.loads((folder / "stances.json").read_text(encoding="utf-8"))

    def run(self, marked: Marked) -> tuple[Array, Array, Array]:
        """Return an attribution's vectors (length, width), what each place adds as a target, and all spans' scores."""
        feed = {"ids": marked.ids[None], "features": marked.features[None], "roles": marked.roles[None]}
        vectors, aims, spans = self.session.run(["vectors", "aims", "spans"], feed)
        return vectors[0], aims[0], spans[0]

    def score(self, marked: Marked) -> Candidates:
        """Return the candidate targets of an attribution with their stances; raw scores, not calibrated."""
        vectors, aims, spans = self.run(marked)
        possible = np.where(allowed(marked), spans, -np.inf)
        places, scores = best_spans(possible)
        if len(places):
            more = conjuncts(marked, possible, places[0])
            more = more[~(more[:, None] == places[None]).all(2).any(1)]
            total = spans[tuple(places[0])] - scores[0]
            scores = np.concatenate([scores, spans[more[:, 0], more[:, 1]] - total])
            places = np.concatenate([places, more])
        return Candidates(places, scores, self.stances(vectors, aims, marked, places))

    def stances(self, vectors: Array, aims: Array, marked: Marked, places: Index) -> Array:
        """Return the stance logits (n, 3) toward the targets at `places`, in the order of `labels.STANCES`."""
        cue, content = mean(vectors, marked.roles >= CUE), mean(vectors, marked.roles == CONTENT)
        rest = np.concatenate([cue, content, vectors[0]]) @ self.head["rest"] + self.head["rest_bias"]
        hidden = np.maximum(span_means(aims, places) + rest, 0.0)
        logits: Array = hidden @ self.head["down"] + self.head["down_bias"]
        return logits


def cue_stance(words: str) -> str:
    """Return the stance that a cue carries by the lexicon, `neutral` if it is not there."""
    entry = find_cue(re.findall(r"[\w’'-]+", words))
    return entry.stance if entry else "neutral"
