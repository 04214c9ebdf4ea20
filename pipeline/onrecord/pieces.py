"""Turn a text into word pieces with features, and cut them into windows for the encoder.

In: a text and its quotations. Out: `Pieces` (arrays over the whole text) and `Window`s (ranges of pieces that the
encoder reads at once). Nothing is ever cut off: a paragraph longer than a window is read in overlapping windows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from onrecord.stages.quotations import Quotation

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CLS, SEP, PAD = 101, 102, 0
# Features of a piece: 4 case shapes x inside quotation marks or not x after white space or not; 0 is no piece.
FEATURES = 17
# Pieces of a long paragraph that two neighbouring windows share on each side of the cut.
OVERLAP = 48


@dataclass(frozen=True, slots=True)
class Pieces:
    """The word pieces of a text, as arrays of one length.

    `start`, `end`: characters, end exclusive; `first`: true on the first piece of a word; `paragraph`: number of the
    line that the piece stands in, rising.
    """

    ids: NDArray[np.int64]
    features: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    first: NDArray[np.bool_]
    paragraph: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


def encode(text: str, quotations: Sequence[Quotation], tokenizer: Tokenizer) -> Pieces:
    """Tokenise `text` line by line; a piece never crosses a line break."""
    return encoded(text, tuple(quotations), tokenizer)


# Two stages read the same text, one after the other.
@lru_cache(maxsize=1)
def encoded(text: str, quotations: tuple[Quotation, ...], tokenizer: Tokenizer) -> Pieces:
    lines, offsets, at = [], [], 0
    for line in text.split("\n"):
        if line.strip():
            lines.append(line)
            offsets.append(at)
        at += len(line) + 1
    encodings = tokenizer.encode_batch(lines, add_special_tokens=False) if lines else []
    ids, start, end, first, paragraph = [], [], [], [], []
    for number, (encoding, offset) in enumerate(zip(encodings, offsets)):
        spans = np.asarray(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        words = np.asarray(encoding.word_ids, dtype=np.float64)
        ids.append(np.asarray(encoding.ids, dtype=np.int64))
        start.append(spans[:, 0] + offset)
        end.append(spans[:, 1] + offset)
        first.append(np.diff(words, prepend=-1.0) != 0)
        paragraph.append(np.full(len(spans), number))
    empty = np.zeros(0, dtype=np.int64)
    starts = np.concatenate([empty, *start])
    ends = np.concatenate([empty, *end])
    return Pieces(
        np.concatenate([empty, *ids]),
        features_of(text, starts, ends, quotations),
        starts,
        ends,
        np.concatenate([empty.astype(bool), *first]),
        np.concatenate([empty, *paragraph]),
    )


def features_of(
    text: str, start: NDArray[np.int64], end: NDArray[np.int64], quotations: Sequence[Quotation]
) -> NDArray[np.int64]:
    """Return the feature number of each piece: what the uncased encoder cannot see of it."""
    inside = np.zeros(len(text) + 2, dtype=np.int64)
    for quotation in quotations:
        inside[quotation.start] += 1
        inside[quotation.end] -= 1
    quoted = np.cumsum(inside)[start] > 0
    shapes = np.fromiter((shape(text[s:e]) for s, e in zip(start.tolist(), end.tolist())), np.int64, len(start))
    spaced = np.fromiter((s == 0 or text[s - 1].isspace() for s in start.tolist()), np.int64, len(start))
    features: NDArray[np.int64] = 1 + 4 * shapes + 2 * quoted + spaced
    return features


def shape(piece: str) -> int:
    """Return 3 for capitals, 2 for an initial capital, 1 for lower case, 0 for the rest."""
    if piece[:1].isupper():
        return 3 if len(piece) > 1 and piece.isupper() else 2
    return 1 if piece.islower() else 0


@dataclass(frozen=True, slots=True)
class Window:
    """What the encoder reads at once: pieces [start, end), of which it decides about the cues in [core, core_end).

    The cores of a text's windows follow each other without gap or overlap.
    """

    start: int
    end: int
    core: int
    core_end: int


def windows(pieces: Pieces, length: int, *, context: int = 0, rng: Random | None = None) -> list[Window]:
    """Cut a text into windows of at most `length` positions, whole paragraphs where they fit.

    A window costs one position for [CLS] and one for the [SEP] behind each paragraph. It begins with the paragraph
    before its core, to be read along, if that has at most `context` pieces. With `rng` each window gets a room of its
    own between a third of `length` and `length`: in training the cuts should differ from epoch to epoch.
    """
    found: list[Window] = []
    ranges = paragraph_ranges(pieces)
    number = 0
    while number < len(ranges):
        start, end = ranges[number]
        if end - start + 2 > length:
            found.extend(split(start, end, pieces, length))
            number += 1
            continue
        room = rng.randint(length // 3, length) if rng else length
        before = ranges[number - 1] if number else (0, 0)
        led = 0 < before[1] - before[0] <= context and before[1] - before[0] + end - start + 3 <= length
        used = 1 + (before[1] - before[0] + 1 if led else 0) + end - start + 1
        number += 1
        while number < len(ranges) and used + ranges[number][1] - ranges[number][0] + 1 <= room:
            end = ranges[number][1]
            used += end - ranges[number][0] + 1
            number += 1
        found.append(Window(before[0] if led else start, end, start, end))
    return found


def paragraph_ranges(pieces: Pieces) -> list[tuple[int, int]]:
    """Return the (start, end) of each paragraph's pieces."""
    cuts = np.flatnonzero(np.diff(pieces.paragraph)) + 1
    bounds = [0, *cuts.tolist(), len(pieces)]
    return [(a, b) for a, b in itertools.pairwise(bounds) if b > a]


def split(start: int, end: int, pieces: Pieces, length: int) -> Iterator[Window]:
    """Yield overlapping windows over one long paragraph, cut between words."""
    room = length - 2
    core = start
    while core < end:
        left = word_start(max(start, core - OVERLAP), pieces, start)
        right = min(end, left + room)
        core_end = end if right == end else max(core + 1, word_start(right - OVERLAP, pieces, core + 1))
        yield Window(left, right, core, core_end)
        core = core_end


def word_start(index: int, pieces: Pieces, lowest: int) -> int:
    """Return the last word start at or before `index`, but not before `lowest`."""
    while index > lowest and not pieces.first[index]:
        index -= 1
    return index


@dataclass(frozen=True, slots=True)
class Batchable:
    """A window as the encoder takes it, special pieces included; `position` is the piece of each place, or -1."""

    ids: NDArray[np.int64]
    features: NDArray[np.int64]
    position: NDArray[np.int64]


def lay_out(window: Window, pieces: Pieces) -> Batchable:
    """Put [CLS] before a window's pieces and [SEP] behind each of its paragraphs."""
    index = np.arange(window.start, window.end)
    breaks = np.flatnonzero(np.diff(pieces.paragraph[index])) + 1
    position = np.concatenate([[-1], np.insert(index, breaks, -1), [-1]])
    real = position >= 0
    ids = np.where(real, pieces.ids[position], SEP)
    ids[0] = CLS
    return Batchable(ids, np.where(real, pieces.features[position], 0), position)
