"""An attribution as the stages hand it on, and the geometry of contents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# (start, end) in characters, end exclusive.
Span = tuple[int, int]
# Characters of a block of text, see Blocks.
BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Attribution:
    """Spans are (start, end) in characters, end exclusive; `content` is in text order and never empty.

    `lemma`, `act` and `negated` tell what the cue says (empty, "assert" and False where there is no cue). `score` is
    the chance that the attribution is right, None where no network decided. `within` is the index, in the article's
    list, of the attribution whose content holds this one.
    """

    source: Span | None
    cue: Span | None
    content: tuple[Span, ...]
    lemma: str = ""
    act: str = "assert"
    negated: bool = False
    score: float | None = None
    within: int | None = None


def position(attribution: Attribution) -> tuple[int, ...]:
    """Return the sort key of an attribution: where it begins, then its cue."""
    spans = [*attribution.content, *(span for span in (attribution.source, attribution.cue) if span)]
    return (min(start for start, _ in spans), *(attribution.cue or attribution.content[0]))


def overlap(one: Sequence[Span], two: Sequence[Span]) -> int:
    """Count the characters that two contents share."""
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in two)


def same_content(one: Sequence[Span], two: Sequence[Span]) -> bool:
    """True if two contents share most of what they cover together."""
    shared = overlap(one, two)
    return 2 * shared > length(one) + length(two) - shared


def length(spans: Sequence[Span]) -> int:
    """Count the characters of a content."""
    return sum(end - start for start, end in spans)


class Blocks:
    """Attributions by the stretch of text that their contents lie in: who is near is found without looking at all."""

    def __init__(self, items: Iterable[Attribution] = ()) -> None:
        self.blocks: dict[int, list[Attribution]] = defaultdict(list)
        for item in items:
            self.add(item)

    def add(self, item: Attribution) -> None:
        for block in blocks_of(item.content):
            self.blocks[block].append(item)

    def near(self, content: Sequence[Span]) -> Iterator[Attribution]:
        """Yield the attributions that may share characters with `content`, some of them more than once."""
        for block in blocks_of(content):
            yield from self.blocks.get(block, ())


def blocks_of(content: Sequence[Span]) -> set[int]:
    """Return the numbers of the blocks that a content touches."""
    return {block for start, end in content for block in range(start // BLOCK, (end - 1) // BLOCK + 1)}
