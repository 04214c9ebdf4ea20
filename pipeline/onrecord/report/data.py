"""What the page's script reads: names once in a table, and each claim as an array of numbers.

Offsets here count UTF-16 units, as JavaScript does. A claim is

    [type, stance, act, speaker, title, resolved, target, addressee, confidence, negated, within,
     [mention], [cue], [target], [content, ...], [[name, stance, start, end], ...]]

with numbers of `labels`, of names (-1: none) and of claims of the same article (-1: none), confidence in percent (-1:
unknown), and each span as start, end.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from onrecord.exports.results import Result
from onrecord.labels import ACTS, RESOLVED, SPEAKER_KINDS, STANCES, TYPES
from onrecord.readers import Article
from onrecord.records import Record, Target

# Shown in place of the character, one for one so that offsets hold: control characters as their pictures, what could
# reorder the page's letters, or cannot be written at all, as the replacement character.
PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | {127: 0x2421}
UNSHOWN = (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000))
VISIBLE = PICTURES | dict.fromkeys(UNSHOWN, 0xFFFD)
# Targets that name nothing: their words stay in the text, a list of names is no place for them.
PRONOUNS = {"he", "she", "it", "they", "we", "you", "i", "him", "her", "them", "us", "me"}
PRONOUNS |= {"this", "that", "these", "those", "which", "who", "what"}
LINK = re.compile(r"https?://[^\s]+", re.IGNORECASE)


class Names:
    """A table of names, each with the number of its first use and, for speakers, its commonest kind."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.kinds: Counter[tuple[str, str]] = Counter()

    def number(self, name: str | None, kind: str | None = None) -> int:
        if not name:
            return -1
        words = visible(" ".join(name.split()))
        if kind:
            self.kinds[words, kind] += 1
        return self.numbers.setdefault(words, len(self.numbers))

    def rows(self) -> list[tuple[str, int]]:
        """Return each name with the number of its kind, -1 where it is no speaker's."""
        best: dict[str, str] = {}
        for (name, kind), _ in self.kinds.most_common():
            best.setdefault(name, kind)
        return [(name, SPEAKER_KINDS.index(best[name]) if name in best else -1) for name in self.numbers]


@dataclass(frozen=True, slots=True)
class Sheet:
    """An article as the page's template wants it."""

    id: str
    title: str
    date: str
    url: str
    source: str
    text: str
    claims: str


def collect(results: Iterable[Result]) -> dict[str, Any]:
    """Return all that the template puts into the page."""
    names = Names()
    sheets = [sheet(article, records, names) for article, records in results]
    labels = {"type": TYPES, "stance": STANCES, "act": ACTS, "resolved": RESOLVED, "kind": SPEAKER_KINDS}
    return {
        "names": names.rows(),
        "labels": {key: " ".join(values) for key, values in labels.items()},
        "articles": sheets,
    }


def visible(text: str) -> str:
    """Replace what would be invisible or reorder letters, one character for one."""
    return text.translate(VISIBLE)


def sheet(article: Article, records: Sequence[Record], names: Names) -> Sheet:
    offsets = Utf16(article.text)
    order = {record.id: number for number, record in enumerate(records)}
    claims = [claim(record, names, offsets, order) for record in records]
    return Sheet(
        id=visible(article.id),
        title=visible(article.title or ""),
        date=visible(article.published or ""),
        url=article.url if article.url and LINK.fullmatch(article.url) else "",
        source=visible(article.source),
        text=visible(article.text),
        claims=json.dumps(claims, separators=(",", ":")),
    )


def claim(record: Record, names: Names, offsets: Utf16, order: dict[str, int]) -> list[Any]:
    """Return a record as numbers; see the head of this file."""
    speaker, cue, target, addressee = record.speaker, record.cue, record.target, record.addressee
    sure = record.confidence.attribution
    return [
        TYPES.index(record.type),
        STANCES.index(record.stance),
        ACTS.index(cue.act) if cue else -1,
        names.number(speaker.name or (speaker.mention.text if speaker.mention else "Unknown"), speaker.kind),
        names.number(speaker.title),
        RESOLVED.index(speaker.resolved),
        names.number(target_name(target)),
        names.number((addressee.name or addressee.text) if addressee else None),
        -1 if sure is None else round(100 * sure),
        int(cue is not None and cue.negated),
        order.get(record.within or "", -1),
        offsets.span(speaker.mention),
        offsets.span(cue),
        offsets.span(target),
        [at for span in record.content.spans for at in offsets.span(span)],
        [
            [names.number(target_name(other)), STANCES.index(other.stance), *offsets.span(other)]
            for other in record.other_targets
        ],
    ]


def target_name(target: Target | None) -> str | None:
    """Return what a target is listed under: its name, or words of its own that are no clause and no pronoun."""
    if target is None:
        return None
    if target.name or len(target.text) > 40 or target.text.lower() in PRONOUNS:
        return target.name
    return target.text


class Utf16:
    """Turns offsets in code points into offsets in UTF-16 units."""

    def __init__(self, text: str) -> None:
        self.wide = [i for i, char in enumerate(text) if ord(char) > 0xFFFF]

    def at(self, offset: int) -> int:
        return offset + bisect_left(self.wide, offset)

    def span(self, span: Any) -> list[int]:
        """Return [start, end], or [] for None."""
        return [] if span is None else [self.at(span.start), self.at(span.end)]
