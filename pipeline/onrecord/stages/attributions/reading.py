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
    from onrecord.encoder import Scored
    from onrecord.stages.attributions.network import Network

# Windows decoded at once: enough to make numpy worth while, few enough to keep memory flat.
GROUP = 8
# Cues of attributions that stand by themselves, and of those inside the content of another.
CUE_KINDS = ("cue", "inner")
# Least chance of a word to be in an inner cue. They are few in training, hence seldom likelier than anything else.
LEAST = 0.15


def read_scores(scores: Iterable[Scored], network: Network, pieces: Pieces) -> dict[str, list[Attribution]]:
    """Return what the network sees in its windows, however unsure, by kind of cue."""
    found: dict[str, list[Attribution]] = {kind: [] for kind in CUE_KINDS}
    for group in groups(scores, GROUP):
        for scored, path in zip(group, flat_paths(group)):
            flat = np.exp(log_softmax(scored.tags))
            for kind, cues in (("cue", spans_of(path, WORD_TAGS, "cue")), ("inner", likely_cues(flat))):
                found[kind].extend(decode(scored, cues, kind, flat, network, pieces))
    return found


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


def flat_paths(group: Sequence[Scored]) -> NDArray[np.int64]:
    """Return the best path of flat tags through each window (windows, words)."""
    width = max(len(scored.words) for scored in group)
    scores = np.tile(padding(len(WORD_TAGS)), (len(group), width, 1))
    for row, scored in enumerate(group):
        scores[row, : len(scored.words)] = log_softmax(scored.tags)
    return best_paths(scores, WORD_STEPS)


def likely_cues(flat: Array) -> list[Span]:
    """Return the stretches of words that are inner cues with some chance, one word between them (*didn’t*) or none."""
    likely = flat[:, [WORD_TAGS.index("B-inner"), WORD_TAGS.index("I-inner")]].sum(1) >= LEAST
    likely[1:-1] |= likely[:-2] & likely[2:]
    edges = np.flatnonzero(np.diff(likely.astype(np.int8), prepend=0, append=0)).tolist()
    return list(zip(edges[::2], edges[1::2]))


def decode(
    scored: Scored, cues: Sequence[Span], kind: str, flat: Array, network: Network, pieces: Pieces
) -> Iterator[Attribution]:
    """Yield the attributions of the cues that begin in the window's core; those without content are dropped."""
    words, window = scored.words, scored.window
    cues = [cue for cue in cues if window.core <= words[cue[0]] < window.core_end]
    if not cues:
        return
    scores = log_softmax(np.stack([network.pair(scored, cue) for cue in cues]))
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
            score=probability(flat, cue, kind, pair, path),
        )


def nearest(spans: Sequence[Span], cue: Span) -> Span | None:
    """Return the span with the fewest words between it and the cue."""
    return min(spans, key=lambda span: max(span[0] - cue[1], cue[0] - span[1]), default=None)


def character_span(span: Span, words: NDArray[np.int64], pieces: Pieces, end: int) -> Span:
    """Turn a range of a window's words into characters."""
    last = words[span[1]] if span[1] < len(words) else end
    return int(pieces.start[words[span[0]]]), int(pieces.end[last - 1])


def probability(flat: Array, cue: Span, kind: str, pair: Array, path: NDArray[np.int64]) -> float:
    """Return the chance that cue and content are right: the cue's tags times the content's weakest edge."""
    cue_tags = [WORD_TAGS.index(f"B-{kind}"), WORD_TAGS.index(f"I-{kind}")]
    cue_chance = float(flat[cue[0] : cue[1], cue_tags].sum(1).mean())
    chosen = np.exp(pair[np.arange(len(path)), path])
    edges = np.flatnonzero(np.diff((path >= PAIR_TAGS.index("B-content")).astype(int), prepend=0, append=0))
    return cue_chance * float(np.prod([chosen[min(edge, len(chosen) - 1)] for edge in edges.tolist()]))
