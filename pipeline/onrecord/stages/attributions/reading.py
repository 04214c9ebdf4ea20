"""From the network's scores to attributions: cues on the flat tags, then source and content of each cue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from onrecord.pieces import Pieces
from onrecord.stages.attributions.attribution import Attribution, Span
from onrecord.stages.attributions.decoding import (
    PAIR_STEPS,
    PAIR_TAGS,
    WORD_STEPS,
    WORD_TAGS,
    Array,
    best_paths,
    log_softmax,
    padding,
    spans_of,
)

if TYPE_CHECKING:
    from onrecord.stages.attributions.network import Network, Scored

# Windows decoded at once: enough to make numpy worth while, few enough to keep memory flat.
GROUP = 8


def read_scores(scores: Iterable[Scored], network: Network, pieces: Pieces) -> Iterator[Attribution]:
    """Yield what the network sees in its windows, however unsure."""
    for group in groups(scores, GROUP):
        for scored, cues in zip(group, find_cues(group)):
            yield from decode(scored, cues, network, pieces)


def groups(items: Iterable[Scored], size: int) -> Iterator[list[Scored]]:
    """Yield lists of up to `size` items."""
    group: list[Scored] = []
    for item in items:
        group.append(item)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def find_cues(group: Sequence[Scored]) -> list[list[Span]]:
    """Return each window's cues, as ranges of words, from the best paths of the flat tags."""
    width = max(len(scored.words) for scored in group)
    scores = np.tile(padding(len(WORD_TAGS)), (len(group), width, 1))
    for row, scored in enumerate(group):
        scores[row, : len(scored.words)] = log_softmax(scored.tags)
    return [spans_of(path, WORD_TAGS, "cue") for path in best_paths(scores, WORD_STEPS)]


def decode(scored: Scored, cues: Sequence[Span], network: Network, pieces: Pieces) -> Iterator[Attribution]:
    """Yield the attributions of the cues that begin in the window's core; those without content are dropped."""
    words, window = scored.words, scored.window
    cues = [cue for cue in cues if window.core <= words[cue[0]] < window.core_end]
    if not cues:
        return
    scores = log_softmax(np.stack([network.pair(scored, cue) for cue in cues]))
    flat = np.exp(log_softmax(scored.tags))
    for cue, path, pair in zip(cues, best_paths(scores, PAIR_STEPS), scores):
        content = spans_of(path, PAIR_TAGS, "content")
        if not content:
            continue
        source = nearest(spans_of(path, PAIR_TAGS, "source"), cue)

        def characters(span: Span) -> Span:
            return character_span(span, words, pieces, window.end)

        yield Attribution(
            source=characters(source) if source else None,
            cue=characters(cue),
            content=tuple(characters(span) for span in content),
            act=network.act(scored, cue),
            score=probability(flat, cue, pair, path),
        )


def nearest(spans: Sequence[Span], cue: Span) -> Span | None:
    """Return the span with the fewest words between it and the cue."""
    return min(spans, key=lambda span: max(span[0] - cue[1], cue[0] - span[1]), default=None)


def character_span(span: Span, words: NDArray[np.int64], pieces: Pieces, end: int) -> Span:
    """Turn a range of a window's words into characters."""
    last = words[span[1]] if span[1] < len(words) else end
    return int(pieces.start[words[span[0]]]), int(pieces.end[last - 1])


def probability(flat: Array, cue: Span, pair: Array, path: NDArray[np.int64]) -> float:
    """Return the chance that cue and content are right: the cue's tags times the content's weakest edge."""
    cue_tags = [WORD_TAGS.index("B-cue"), WORD_TAGS.index("I-cue")]
    cue_chance = float(flat[cue[0] : cue[1], cue_tags].sum(1).mean())
    chosen = np.exp(pair[np.arange(len(path)), path])
    edges = np.flatnonzero(np.diff((path >= PAIR_TAGS.index("B-content")).astype(int), prepend=0, append=0))
    return cue_chance * float(np.prod([chosen[min(edge, len(chosen) - 1)] for edge in edges.tolist()]))
