"""From the network's scores to attributions: cues on the flat tags, then source and content of each cue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    changes,
    log_softmax,
    padding,
    spans_of,
)

if TYPE_CHECKING:
    from onrecord.encoder import Scored
    from onrecord.stages.attributions.network import Network

# Windows decoded at once: enough to make numpy worth while, few enough to keep memory flat.
GROUP = 16
# Least chance of a word to be in an inner cue. They are few in training, hence seldom likelier than anything else.
LEAST = 0.15


@dataclass(frozen=True, slots=True)
class Seen:
    """A cue in a window, as a range of its words. `kind`: *cue*, or *inner* inside the content of another; `chance`:
    that it is one; `pairs`: the log chances of the words' tags for this cue (words, pair tags).
    """

    scored: Scored
    cue: Span
    kind: str
    chance: float
    pairs: Array


def read_scores(scores: Iterable[Scored], network: Network, pieces: Pieces) -> dict[str, list[Attribution]]:
    """Return what the network sees in its windows, however unsure, by kind of cue."""
    found: dict[str, list[Attribution]] = {"cue": [], "inner": []}
    for group in groups(scores, GROUP):
        tags = [log_softmax(scored.tags) for scored in group]
        windows = zip(group, tags, padded_paths(tags, WORD_STEPS))
        cues = [seen for scored, flat, path in windows for seen in find_cues(scored, np.exp(flat), path, network)]
        for seen, path in zip(cues, padded_paths([seen.pairs for seen in cues], PAIR_STEPS)):
            attribution = decode(seen, path[: len(seen.pairs)], network, pieces)
            if attribution is not None:
                found[seen.kind].append(attribution)
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


def padded_paths(rows: Sequence[Array], steps: Array) -> NDArray[np.int64]:
    """Return the best paths through `rows` of different length (rows, longest); each row is (words, tags)."""
    if not rows:
        return np.zeros((0, 0), dtype=np.int64)
    scores = np.tile(padding(rows[0].shape[1]), (len(rows), max(map(len, rows)), 1))
    for index, row in enumerate(rows):
        scores[index, : len(row)] = row
    return best_paths(scores, steps)


def find_cues(scored: Scored, flat: Array, path: NDArray[np.int64], network: Network) -> Iterator[Seen]:
    """Yield the cues that begin in the window's core, given the chances of the flat tags and their best path."""
    window = scored.window
    for kind, cues in (("cue", spans_of(path, WORD_TAGS, "cue")), ("inner", likely_cues(flat))):
        tags = [WORD_TAGS.index(f"B-{kind}"), WORD_TAGS.index(f"I-{kind}")]
        for start, end in cues:
            if window.core <= scored.words[start] < window.core_end:
                chance = float(flat[start:end, tags].sum(1).mean())
                yield Seen(scored, (start, end), kind, chance, log_softmax(network.pair(scored, (start, end))))


def likely_cues(flat: Array) -> list[Span]:
    """Return the stretches of words that are inner cues with some chance, one word between them (*didn’t*) or none."""
    likely = flat[:, [WORD_TAGS.index("B-inner"), WORD_TAGS.index("I-inner")]].sum(1) >= LEAST
    likely[1:-1] |= likely[:-2] & likely[2:]
    edges = changes(likely)
    return list(zip(edges[::2], edges[1::2]))


def decode(seen: Seen, path: NDArray[np.int64], network: Network, pieces: Pieces) -> Attribution | None:
    """Return the attribution of a cue, given the best path of its pair tags; None if it has no content."""
    content = spans_of(path, PAIR_TAGS, "content")
    if not content:
        return None
    source = nearest(spans_of(path, PAIR_TAGS, "source"), seen.cue)

    def characters(span: Span) -> Span:
        return character_span(span, seen.scored.words, pieces, seen.scored.window.end)

    return Attribution(
        source=characters(source) if source else None,
        cue=characters(seen.cue),
        content=tuple(characters(span) for span in content),
        act=network.act(seen.scored, seen.cue),
        score=seen.chance * edge_chance(seen.pairs, path),
    )


def nearest(spans: Sequence[Span], cue: Span) -> Span | None:
    """Return the span with the fewest words between it and the cue."""
    return min(spans, key=lambda span: max(span[0] - cue[1], cue[0] - span[1]), default=None)


def character_span(span: Span, words: NDArray[np.int64], pieces: Pieces, end: int) -> Span:
    """Turn a range of a window's words into characters."""
    last = words[span[1]] if span[1] < len(words) else end
    return int(pieces.start[words[span[0]]]), int(pieces.end[last - 1])


def edge_chance(pairs: Array, path: NDArray[np.int64]) -> float:
    """Return the chance that the edges of a content are right."""
    chosen = np.exp(pairs[np.arange(len(path)), path])
    edges = changes(path >= PAIR_TAGS.index("B-content"))
    return float(np.prod([chosen[min(edge, len(chosen) - 1)] for edge in edges]))
