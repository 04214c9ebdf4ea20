"""Compare two runs attribution by attribution: what is new, lost, moved, attributed to someone else, or turned around.

Two records belong together if they have one id, or else if their contents in the same article share half of their
characters, the best overlap first; where the article's text itself changed, if their contents' words are the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from onrecord.exports.results import Result
from onrecord.records import Range, Record

# What can happen to an attribution; one that stays can be more than one of the last four.
CHANGES = ("new", "lost", "moved", "re-attributed", "stance flipped", "target changed")
# Two contents belong together from this intersection over union of their characters.
OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """An attribution that is not as it was, in the old run and in the new one; None where it is missing."""

    kinds: tuple[str, ...]
    old: Record | None
    new: Record | None

    def to_dict(self) -> dict[str, Any]:
        record = self.new or self.old
        return {
            "doc": record.doc.id if record else None,
            "changes": list(self.kinds),
            "old": self.old.to_dict() if self.old else None,
            "new": self.new.to_dict() if self.new else None,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes between two runs, in the order of the articles, and how many attributions stayed as they were."""

    changes: list[Change]
    same: int

    def counts(self) -> dict[str, int]:
        """Return how many attributions underwent each change."""
        found = Counter(kind for change in self.changes for kind in change.kinds)
        return {kind: found[kind] for kind in CHANGES}

    def to_dict(self) -> dict[str, Any]:
        return {
            "same": self.same,
            "changed": len(self.changes),
            "counts": self.counts(),
            "changes": [change.to_dict() for change in self.changes],
        }


def compare(old: Iterable[Result], new: Iterable[Result]) -> Difference:
    """Compare two runs; articles that only one of them has make all their attributions lost or new."""
    before = {article.id: (article.text, records) for article, records in old}
    after = {article.id: (article.text, records) for article, records in new}
    changes: list[Change] = []
    same = 0
    for doc_id in dict.fromkeys((*before, *after)):
        old_text, old_records = before.get(doc_id, ("", ()))
        new_text, new_records = after.get(doc_id, ("", ()))
        for one, two in pair(old_records, new_records, same_text=old_text == new_text):
            kinds = changes_between(one, two)
            same += not kinds
            if kinds:
                changes.append(Change(kinds, one, two))
    return Difference(changes, same)


def pair(
    old: Sequence[Record], new: Sequence[Record], *, same_text: bool
) -> Iterator[tuple[Record | None, Record | None]]:
    """Yield the attributions of one article side by side: those in both runs, then the lost, then the new."""
    ids = {record.id: record for record in new} if same_text else {}
    pairs = {record.id: ids[record.id] for record in old if record.id in ids}
    taken = {record.id for record in pairs.values()}
    for _, one, two in candidates(
        [record for record in old if record.id not in pairs],
        [record for record in new if record.id not in taken],
        same_text,
    ):
        if one.id not in pairs and two.id not in taken:
            pairs[one.id] = two
            taken.add(two.id)
    yield from ((record, pairs.get(record.id)) for record in old)
    yield from ((None, record) for record in new if record.id not in taken)


def candidates(old: Sequence[Record], new: Sequence[Record], same_text: bool) -> list[tuple[float, Record, Record]]:
    """Return pairs that may belong together, the best first."""
    found: list[tuple[float, Record, Record]] = []
    if same_text:
        found = [(overlap(one, two), one, two) for one in old for two in new]
    else:
        by_words: defaultdict[str, list[Record]] = defaultdict(list)
        for record in new:
            by_words[record.content.text].append(record)
        found = [(1.0, one, two) for one in old for two in by_words[one.content.text]]
    return sorted((item for item in found if item[0] >= OVERLAP), key=closeness, reverse=True)


def closeness(candidate: tuple[float, Record, Record]) -> tuple[float, bool, bool]:
    """Return a sort key: overlap, then the same speaker, then the same cue."""
    share, one, two = candidate
    cues = [record.cue.text if record.cue else None for record in (one, two)]
    return share, one.speaker.name == two.speaker.name, cues[0] == cues[1]


def overlap(one: Record, two: Record) -> float:
    """Return intersection over union of two contents' characters."""
    first, second = offsets(one.content.spans), offsets(two.content.spans)
    return len(first & second) / len(first | second)


def offsets(spans: Iterable[Range]) -> set[int]:
    return {offset for span in spans for offset in range(span.start, span.end)}


def changes_between(old: Record | None, new: Record | None) -> tuple[str, ...]:
    """Return what changed from one record to the other; nothing if they say the same."""
    if old is None or new is None:
        return ("new",) if old is None else ("lost",)
    changed = {
        "moved": old.id != new.id,
        "re-attributed": old.speaker.name != new.speaker.name,
        "stance flipped": old.stance != new.stance,
        "target changed": target(old) != target(new),
    }
    return tuple(kind for kind, true in changed.items() if true)


def target(record: Record) -> str | None:
    return (record.target.name or record.target.text) if record.target else None


def describe(change: Change) -> str:
    """Return a change in one line."""
    record = change.new or change.old
    if record is None:
        return ""
    details = [f"“{shorten(record.content.text)}”"]
    for kind in change.kinds:
        if change.old and change.new and kind != "moved":
            details.append(" → ".join(str(value_of(kind, record)) for record in (change.old, change.new)))
    if len(details) == 1:
        details.append(record.speaker.name or "unknown")
    return f"{', '.join(change.kinds)}: {record.doc.id}: {' | '.join(details)}"


def value_of(kind: str, record: Record) -> str | None:
    values = {"re-attributed": record.speaker.name, "stance flipped": record.stance, "target changed": target(record)}
    return values[kind]


def shorten(words: str, length: int = 60) -> str:
    return words if len(words) <= length else words[: length - 1] + "…"
