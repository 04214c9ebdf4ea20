"""Find the quotations of a text: what stands between quotation marks.

In: a string. Out: `Quotation`s in text order, nested ones included, as character offsets. Marks are paired
paragraph by paragraph, so that a stray mark spoils at most its own paragraph; a quotation that goes on over several
paragraphs, re-opened at the head of each and closed once, comes as one `Quotation` a paragraph, chained by
`continued`. This stage does not say whether a quotation is speech: titles and scare quotes are found as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc

from onrecord.annotations import text_of, write

STRAIGHT = '"'
# `` and '' (TeX, newswire), ``` and ''' (the same, mangled) count as one mark each.
MARK = re.compile(r"```?|'''?(?!\w)|(?<!\w)'''?|[“”„‟«»\"‘’']")
# What may stand in front of an opening mark.
BEFORE_OPEN = frozenset(" \t\u00a0\u2009\u202f\r\n([{<-–—/:;=…“”„«\"'‘`,.*_>")
# Words that begin with an apostrophe: no quotation opens there.
ELISION = re.compile(r"(?:n|em|tis|twas|til|till|cause|bout|round|cuz|cos|ere|neath|\d0s|\d\d)\b", re.IGNORECASE)
# What stands before the mark of inches: 5' 11.
FEET = re.compile(r"\d ?['’] ?\d{1,2}\Z")
# Quotations open at once that are looked at for a partner: deeper nesting is noise, and would cost quadratic time.
DEEPEST = 8
# A hard-wrapped file has no line longer than this (characters); there a single line break ends no paragraph.
WRAP_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Quotation:
    """A stretch of quoted text; offsets are characters, ends exclusive.

    `start` and `end` take in the marks, `inner_start` and `inner_end` do not. `depth` is 0 outside other quotations.
    `continued` is true if it goes on with the next quotation, in the paragraph after.
    """

    start: int
    end: int
    inner_start: int
    inner_end: int
    depth: int = 0
    continued: bool = False


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each paragraph, without its line break; end exclusive.

    A paragraph is a line, or in a hard-wrapped text what stands between blank lines.
    """
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\r\n]+", text)]
    wrapped = max((end - start for start, end in lines), default=0) <= WRAP_WIDTH
    wrapped = wrapped and re.search(r"\n[ \t\r]*\n", text.strip()) is not None
    current: tuple[int, int] | None = None
    for start, end in lines:
        if not text[start:end].strip():
            continue
        if current and wrapped and not blank_between(text, current[1], start):
            current = (current[0], end)
            continue
        if current:
            yield current
        current = (start, end)
    if current:
        yield current


def blank_between(text: str, start: int, end: int) -> bool:
    """True if a blank line lies in text[start:end], which is white space."""
    return text.count("\n", start, end) > 1 or (text.count("\r", start, end) > 1 and "\n" not in text[start:end])


@dataclass(slots=True)
class Open:
    """A mark that waits for its partner."""

    mark: str
    start: int
    end: int


def find_quotations(text: str) -> list[Quotation]:
    """Return the quotations of `text`, by start and then longest first; linear in the length of `text`."""
    found: list[Quotation] = []
    carried: int | None = None  # the index in `found` of a quotation that its paragraph left open
    for start, end in paragraphs(text):
        pairs, unclosed = pair_marks(text, start, end)
        first = len(text[start:end]) - len(text[start:end].lstrip()) + start
        if carried is not None:
            previous = found[carried]
            if any(pair.start == first for pair in pairs) or (unclosed is not None and unclosed.start == first):
                found[carried] = Quotation(
                    previous.start, previous.end, previous.inner_start, previous.inner_end, 0, True
                )
            carried = None
        if unclosed is not None:
            last = len(text[start:end].rstrip()) + start
            if last > unclosed.end:
                pairs = [pair for pair in pairs if pair.end <= unclosed.start or pair.start >= unclosed.end]
                pairs.append(Quotation(unclosed.start, last, unclosed.end, last))
        pairs.sort(key=lambda pair: (pair.start, -pair.end))
        base = len(found)
        found.extend(with_depth(pairs))
        if unclosed is not None:
            carried = next((base + i for i, pair in enumerate(pairs) if pair.start == unclosed.start), None)
    return found


def with_depth(pairs: list[Quotation]) -> Iterator[Quotation]:
    """Yield `pairs`, sorted by start, with their depths filled in."""
    ends: list[int] = []
    for pair in pairs:
        while ends and ends[-1] <= pair.start:
            ends.pop()
        yield Quotation(pair.start, pair.end, pair.inner_start, pair.inner_end, len(ends))
        ends.append(pair.end)


def pair_marks(text: str, start: int, end: int) -> tuple[list[Quotation], Open | None]:
    """Pair the marks of the paragraph text[start:end].

    Returns the pairs, and the double mark that stays open to the paragraph's end, if there is one.
    """
    pairs: list[Quotation] = []
    waiting: list[Open] = []
    for match in MARK.finditer(text, start, end):
        mark, at = match.group(), match.start()
        before = text[at - 1] if at > start else " "
        after = text[match.end()] if match.end() < end else " "
        role = role_of(mark, before, after, text, match.end(), waiting)
        if role == "open":
            waiting.append(Open(mark, at, match.end()))
        elif role == "close":
            partner = find_partner(mark, waiting)
            if partner is not None:
                opened = waiting[partner]
                del waiting[partner:]
                if opened.end < at:
                    pairs.append(Quotation(opened.start, match.end(), opened.end, at))
    head = start + len(text[start:end]) - len(text[start:end].lstrip())
    unclosed = next((o for o in waiting if stays_open(o, head)), None)
    return pairs, unclosed


def waits(mark: str, waiting: list[Open]) -> bool:
    """True if one of the innermost open marks is `mark`."""
    return any(opened.mark == mark for opened in waiting[-DEEPEST:])


def is_single(mark: str) -> bool:
    """True for marks that are apostrophes as well."""
    return mark in ("‘", "’", "'")


def stays_open(opened: Open, head: int) -> bool:
    """True if an unpaired mark opens a quotation to its paragraph's end, not a stray one.

    A curly mark says so itself; a straight one only at `head`, where the paragraph's words begin.
    """
    if is_single(opened.mark):
        return False
    return opened.mark in ("“", "„", "``", "```") or opened.start == head


def find_partner(mark: str, waiting: list[Open]) -> int | None:
    """Return the index in `waiting` of the mark that `mark` closes: the innermost of its kind (single or double)."""
    for index in range(len(waiting) - 1, max(-1, len(waiting) - 1 - DEEPEST), -1):
        if is_single(waiting[index].mark) == is_single(mark):
            return index
    return None


def role_of(mark: str, before: str, after: str, text: str, end: int, waiting: list[Open]) -> str:
    """Say what a mark does between the characters `before` and `after`: "open", "close" or "" (nothing)."""
    opens_here = before in BEFORE_OPEN and not after.isspace()
    closes_here = not before.isspace()
    if is_single(mark):
        return single_role(mark, before, after, text, end, waiting)
    if FEET.search(text, max(0, end - 12), end - len(mark)):
        return ""
    inside = find_partner(mark, waiting) is not None
    if mark in ("“", "„", "‟", "``", "```"):
        # German „…“ closes with the mark that opens in English.
        if mark == "“" and waits("„", waiting) and closes_here and not after.isalnum():
            return "close"
        return "open"
    if mark == "«":
        return "close" if waits("»", waiting) else "open"
    if mark == "»":
        if waits("«", waiting):
            return "close"
        return "open" if opens_here and text.find("«", end, end + 2000) >= 0 else ""
    if inside:
        if mark in (STRAIGHT, "''", "'''") and opens_here and before.isspace() and after.isalnum():
            return "open" if text[waiting[-1].start] != mark[0] else "close"
        return "close" if closes_here or not after.isalnum() else "open"
    if mark == "”":
        return "open" if opens_here and before.isspace() and after.isalnum() else ""
    if before.isdigit() and not after.isalnum():
        return ""  # inches: 5' 11"
    return "open" if opens_here else ""


def single_role(mark: str, before: str, after: str, text: str, end: int, waiting: list[Open]) -> str:
    """Say what ‘, ’ or ' does: most are apostrophes, which do nothing."""
    opened = next((o for o in reversed(waiting[-DEEPEST:]) if is_single(o.mark)), None)
    if mark != "’" and before in BEFORE_OPEN and before != "." and (after.isalnum() or after in '“"…'):
        if ELISION.match(text, end) or (opened and mark == "'" and not before.isspace()):
            return ""
        return "open"
    if mark == "‘" or opened is None or before.isspace() or after.isalnum():
        return ""
    if before in ',.?!…”"':
        return "close"
    # *‘the soldiers’ families’*: after an s, wait for a later mark that can close, if there is one.
    if before in "sS" and later_close(text, end):
        return ""
    return "close"


LATER_CLOSE = re.compile(r"[^‘\r\n]{0,600}?[^\s‘][’'](?!\w)")


def later_close(text: str, start: int) -> bool:
    """True if another single mark that can close a quotation follows in the paragraph before one opens."""
    return LATER_CLOSE.match(text, start) is not None


@Language.factory("onrecord_quotations", assigns=["doc._.onrecord"])
def make_quotations(nlp: Language, name: str) -> Quotations:
    """Build the component; it needs nothing but the text."""
    return Quotations()


class Quotations:
    """Stores the quotations of a Doc in `doc._.onrecord["quotations"]`."""

    def __call__(self, doc: Doc) -> Doc:
        write(doc, "quotations", find_quotations(text_of(doc)))
        return doc
