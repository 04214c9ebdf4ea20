"""Compare attributions by their characters: what of their spans counts, what type they are, which belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from onrecord.evaluation.gold import ROLES, Ranges, Roles

# Trimmed off the ends of spans before comparing, as white space is: conventions differ about them.
TRIM = frozenset("\"'“”‘’„‟«»‹›`´,.")
OPENING, CLOSING = frozenset('“"'), frozenset('”"')


@dataclass(frozen=True, slots=True)
class Item:
    """An attribution ready to compare: trimmed spans and their characters by role, and its type (None: no content)."""

    units: dict[str, Ranges]
    chars: dict[str, frozenset[int]]
    type: str | None

    def touches(self, other: Item, role: str) -> bool:
        """True if the two share a character of `role`, or neither has that role."""
        mine, theirs = self.chars[role], other.chars[role]
        return not mine.isdisjoint(theirs) or (not mine and not theirs)


def prepare(items: Iterable[Roles], text: str) -> list[Item]:
    """Make the attributions of one article ready to compare."""
    quoted = quoted_offsets(text)
    return [prepare_one(item, text, quoted) for item in items]


def prepare_one(item: Roles, text: str, quoted: frozenset[int]) -> Item:
    units = {role: normalise(item[role], text) for role in ROLES}
    chars = {role: characters(units[role], text) for role in ROLES}
    return Item(units, chars, content_type(chars["content"], text, quoted) if units["content"] else None)


def trimmable(char: str) -> bool:
    return char.isspace() or char in TRIM


def normalise(spans: Ranges, text: str) -> Ranges:
    """Trim each span, join those parted by trimmable characters alone, drop what is left empty."""
    joined: list[tuple[int, int]] = []
    for start, end in filter(None, (trim(span, text) for span in spans)):
        if joined and (start <= joined[-1][1] or all(map(trimmable, text[joined[-1][1] : start]))):
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def trim(span: tuple[int, int], text: str) -> tuple[int, int] | None:
    """Return a span without trimmable characters at its ends; None if nothing is left."""
    start, end = span
    while start < end and trimmable(text[start]):
        start += 1
    while end > start and trimmable(text[end - 1]):
        end -= 1
    return (start, end) if start < end else None


def characters(spans: Iterable[tuple[int, int]], text: str) -> frozenset[int]:
    """Return the offsets of the characters in `spans`, white space aside."""
    return frozenset(i for start, end in spans for i in range(start, end) if not text[i].isspace())


def quoted_offsets(text: str) -> frozenset[int]:
    """Return the offsets inside double quotation marks, marks included, line by line.

    A quotation that its line does not close runs to the line's end, as in a speech that goes on in the next paragraph.
    """
    return frozenset(i for start, end in quotations(text) for i in range(start, end))


def quotations(text: str) -> Iterator[tuple[int, int]]:
    offset = 0
    for line in text.splitlines(keepends=True):
        start = None
        for i, char in enumerate(line, offset):
            if start is None and char in OPENING:
                start = i
            elif start is not None and char in CLOSING:
                yield start, i + 1
                start = None
        offset += len(line)
        if start is not None:
            yield start, offset


def content_type(content: frozenset[int], text: str, quoted: frozenset[int]) -> str:
    """Return direct, mixed or indirect: all, some or none of the letters and digits stand in quotation marks."""
    letters = {i for i in content if text[i].isalnum()} or content
    share = len(letters & quoted)
    return "indirect" if not share else "direct" if share == len(letters) else "mixed"


def match(gold: Sequence[Item], found: Sequence[Item]) -> list[tuple[int, int, float]]:
    """Pair attributions one to one, the best overlap first: (index in gold, index in found, content IoU).

    Ties go to the pair whose cues touch, then whose sources do, then to the earlier one.
    """
    candidates = sorted(overlaps(gold, found), reverse=True)
    pairs: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for iou, _, minus_gold, minus_found in candidates:
        if -minus_gold not in pairs and -minus_found not in taken:
            pairs[-minus_gold] = (-minus_found, iou)
            taken.add(-minus_found)
    return [(one, two, iou) for one, (two, iou) in pairs.items()]


def overlaps(gold: Sequence[Item], found: Sequence[Item]) -> Iterator[tuple[float, tuple[bool, bool], int, int]]:
    """Yield every two attributions whose contents share a character, as sort keys."""
    for g, one in enumerate(gold):
        for f, two in enumerate(found):
            common = len(one.chars["content"] & two.chars["content"])
            if common:
                union = len(one.chars["content"]) + len(two.chars["content"]) - common
                yield common / union, (one.touches(two, "cue"), one.touches(two, "source")), -g, -f
