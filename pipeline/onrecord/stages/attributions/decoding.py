"""Turn the attribution network's scores into spans: best tag paths under the constraints of the tag scheme.

Everything here works on the words of one window (first pieces only), as numpy arrays; ends are exclusive.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# Flat tags of words, and tags of words for one given cue. The cue of an attribution inside another one's content has
# tags of its own (inner). E ends a piece of content, U is a piece of one word.
WORD_TAGS = ("O", "B-source", "I-source", "B-cue", "I-cue", "B-content", "I-content", "B-inner", "I-inner")
PAIR_TAGS = ("O", "B-source", "I-source", "B-content", "I-content", "E-content", "U-content")
FORBIDDEN = -1e9


def transitions(tags: tuple[str, ...]) -> Array:
    """Return the (from, to) matrix of allowed steps (0) and forbidden ones."""
    matrix = np.zeros((len(tags) + 1, len(tags) + 1), dtype=np.float32)
    for i, one in enumerate((*tags, "O")):
        for j, two in enumerate((*tags, "O")):
            if not follows(one, two, tags):
                matrix[i, j] = FORBIDDEN
    return matrix


def follows(one: str, two: str, tags: tuple[str, ...]) -> bool:
    """True if tag `two` may stand behind tag `one`."""
    role = two[2:]
    if two[0] in "IE":
        return one in (f"B-{role}", f"I-{role}")
    needs_end = one[0] in "BI" and f"E-{one[2:]}" in tags
    return not needs_end


WORD_STEPS = transitions(WORD_TAGS)
PAIR_STEPS = transitions(PAIR_TAGS)

# Distances between cue and word, in words, signed: exact up to 8, then by powers of two.
BUCKETS = 33


def buckets(distance: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bucket (0 to BUCKETS - 1) of each signed distance in words."""
    size = np.abs(distance)
    coarse = 8 + np.floor(np.log2(np.maximum(size, 1) / 8) * 2 + 1).astype(np.int64)
    bucket: NDArray[np.int64] = np.where(size <= 8, size, np.minimum(coarse, 16))
    return np.where(distance < 0, 16 - bucket, 16 + bucket)


def best_paths(scores: Array, steps: Array) -> NDArray[np.int64]:
    """Return the best paths (n, words) of tags through `scores` (n, words, tags): Viterbi, many rows at once.

    The last row and column of `steps`, from `transitions`, stand for what is before the first and behind the last
    word. Pad short rows with `padding`.
    """
    rows, count, tags = scores.shape
    path = np.zeros((rows, count), dtype=np.int64)
    if not rows or not count:
        return path
    words, inner = scores.transpose(1, 0, 2), steps[:tags, None, :tags]
    best = np.empty((count, rows, tags), dtype=np.float32)
    best[0] = words[0] + steps[tags, :tags]
    for i in range(1, count):
        np.add((inner + best[i - 1].T[:, :, None]).max(0), words[i], out=best[i])
    path[:, -1] = (best[-1] + steps[:tags, tags]).argmax(1)
    back = np.ascontiguousarray(steps[:tags, :tags].T)
    for i in range(count - 1, 0, -1):
        path[:, i - 1] = (best[i - 1] + back[path[:, i]]).argmax(1)
    return path


def padding(tags: int) -> Array:
    """Return the scores of a word that is not there: the tag O, for sure."""
    scores = np.full(tags, FORBIDDEN, dtype=np.float32)
    scores[0] = 0.0
    return scores


def spans_of(path: NDArray[np.int64], tags: tuple[str, ...], role: str) -> list[tuple[int, int]]:
    """Return the (start, end) word ranges of `role` on a path."""
    begins, inside = tags_of(tags, role)
    found: list[tuple[int, int]] = []
    for i in np.flatnonzero(inside[path]).tolist():
        if path[i] in begins or not found or found[-1][1] != i:
            found.append((i, i + 1))
        else:
            found[-1] = (found[-1][0], i + 1)
    return found


@lru_cache(maxsize=8)
def tags_of(tags: tuple[str, ...], role: str) -> tuple[frozenset[int], NDArray[np.bool_]]:
    """Return the tags that begin a piece of `role`, and for each tag whether it is one of that role."""
    begins = frozenset(number for number, tag in enumerate(tags) if tag in (f"B-{role}", f"U-{role}"))
    return begins, np.array([tag[2:] == role for tag in tags])


def changes(mask: NDArray[np.bool_]) -> list[int]:
    """Return where stretches of True begin and, in turn, end (exclusive)."""
    padded = np.zeros(len(mask) + 2, dtype=bool)
    padded[1:-1] = mask
    places: list[int] = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return places


def log_softmax(scores: Array) -> Array:
    """Return log probabilities over the last axis."""
    shifted = scores - scores.max(-1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return result
