"""Make attributions agree with each other and with the quotations of the text.

Rivals for one content are settled; contents take in the quotation marks that they touch and go on where a quotation
goes on over paragraphs; no quoted sentence is lost; what lies within another attribution's content is told so.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from onrecord.lexicons import find_cue, titles
from onrecord.stages.attributions.attribution import Attribution, Blocks, Span, length, overlap, same_content
from onrecord.stages.attributions.cues import describe
from onrecord.stages.quotations import Quotation

# Words of a quotation that is a record though nobody is named for it.
STATEMENT_WORDS = 4
# Neighbours, in text order, among which the holder of an attribution is looked for.
NEAR = 40


def without_rivals(found: Iterable[Attribution]) -> list[Attribution]:
    """Drop of two attributions of the same content the less sure one."""
    kept: list[Attribution] = []
    blocks = Blocks()
    for attribution in sorted(found, key=lambda item: -(item.score or 0.0)):
        if not any(same_content(attribution.content, other.content) for other in blocks.near(attribution.content)):
            kept.append(attribution)
            blocks.add(attribution)
    return kept


def share_out(found: Sequence[Attribution]) -> list[Attribution]:
    """Leave a piece of content that two attributions claim to the one whose cue is nearer."""
    claims: dict[Span, list[Attribution]] = defaultdict(list)
    for attribution in found:
        for span in attribution.content:
            claims[span].append(attribution)
    lost: dict[Attribution, set[Span]] = defaultdict(set)
    for span, rivals in claims.items():
        for rival in sorted(rivals, key=lambda item: gap(item.cue, span))[1:]:
            lost[rival].add(span)
    kept = [tuple(span for span in item.content if span not in lost[item]) for item in found]
    return [replace(item, content=content or item.content) for item, content in zip(found, kept)]


def gap(cue: Span | None, span: Span) -> int:
    """Return the characters between a cue and a piece of content."""
    return max(span[0] - cue[1], cue[0] - span[1], 0) if cue else 0


def enclose(found: Sequence[Attribution]) -> list[Attribution]:
    """Set `within`: the smallest content that holds an attribution's cue and content."""
    return [replace(item, within=holder(number, found)) for number, item in enumerate(found)]


def holder(number: int, found: Sequence[Attribution]) -> int | None:
    """Return the index of the attribution in whose content that of `number` lies; `found` is in text order."""
    inner = found[number]
    spans = [*inner.content, *([inner.cue] if inner.cue else [])]
    low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    holders = [
        (end - start, index)
        for index in range(max(0, number - NEAR), min(len(found), number + NEAR))
        for start, end in found[index].content
        if index != number and start <= low and high <= end and end - start > high - low
    ]
    return min(holders)[1] if holders else None


# What a title that the source stops at goes on with: *Mr* (. Schultz).
NAMED = re.compile(r"\.? ?(?:[A-Z][\w’'-]*\.? ){0,2}[A-Z][\w’'-]+")


def with_name(item: Attribution, text: str) -> Attribution:
    """Return an attribution whose source does not stop at a title."""
    if item.source is None:
        return item
    last = text[slice(*item.source)].rsplit(None, 1)[-1].rstrip(".")
    if not last[:1].isupper() or f"{last.lower()}." not in titles():
        return item
    match = NAMED.match(text, item.source[1])
    return replace(item, source=(item.source[0], match.end())) if match else item


# ---------------------------------------------------------------- quotations


def snap(content: Sequence[Span], quotations: Sequence[Quotation]) -> tuple[Span, ...]:
    """Let content take in the quotation marks that it touches; pieces that meet become one."""
    starts = {quotation.inner_start: quotation.start for quotation in quotations}
    ends = {quotation.inner_end: quotation.end for quotation in quotations}
    return joined((starts.get(start, start), ends.get(end, end)) for start, end in content)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans in text order, those that meet or overlap made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def carry_over(found: Sequence[Attribution], quotations: Sequence[Quotation], text: str) -> list[Attribution]:
    """Give an attribution the rest of a quotation that goes on over several paragraphs, if nobody else claims it.

    Not where the quotation is an excerpt: the cue stands inside it, or it is a transcript with several speakers.
    """
    blocks = Blocks(found)
    longer: dict[Attribution, Attribution] = {}
    for chain in whole_quotations(quotations):
        if len(chain) == 1:
            continue
        holders = [claimant(quotation, blocks) for quotation in chain]
        owners = {holder for holder in holders if holder is not None}
        if len(owners) == 1 and not any(TURN.match(text, quotation.start) for quotation in chain[1:]):
            owner = owners.pop()
            if owner.cue and any(quotation.start <= owner.cue[0] < quotation.end for quotation in chain):
                continue
            rest = [(q.start, q.end) for q, holder in zip(chain, holders) if holder is None]
            content = [*longer.get(owner, owner).content, *rest]
            longer[owner] = replace(owner, content=joined(content))
    return [longer.get(attribution, attribution) for attribution in found]


def claimant(quotation: Quotation, blocks: Blocks) -> Attribution | None:
    """Return an attribution whose content holds most of a quotation."""
    span = [(quotation.inner_start, max(quotation.inner_end, quotation.inner_start + 1))]
    return next((item for item in blocks.near(span) if 2 * overlap(item.content, span) > length(span)), None)


def unclaimed(found: Sequence[Attribution], quotations: Sequence[Quotation], text: str) -> list[Attribution]:
    """Return attributions for quoted sentences that no attribution holds, with source and cue if they stand next."""
    claimed = sorted(span for attribution in found for span in attribution.content)
    left = []
    for chain in whole_quotations(quotations):
        if is_statement(chain, text) and not any(touches(quotation, claimed) for quotation in chain):
            source, cue = signature(text, chain[-1].end)
            if cue is None and text[chain[-1].inner_end - 1] in ",?!":
                source, cue = teller(text, chain[-1].end)
            left.append(Attribution(source, cue, tuple((q.start, q.end) for q in chain)))
    return left


# What is behind a quotation that is signed: *“…” — Ana Ruiz*, also on the next line.
NAME = r"[A-Z][\w.’'-]*(?:[ \t]+(?:[A-Z][\w.’'-]*|of|de|la|van|von|bin|al)){0,5}"
SIGNATURE = re.compile(
    rf"[ \t]*(?:\r?\n[ \t]*){{0,2}}(?P<cue>[―—–]|--?)[ \t]*(?P<source>{NAME})(?=[ \t]*(?:[,(\r\n]|\Z))"
)


def signature(text: str, end: int) -> tuple[Span | None, Span | None]:
    """Return source and cue of a quotation that ends at `end` and is signed behind it; (None, None) if it is not."""
    match = SIGNATURE.match(text, end)
    return (match.span("source"), match.span("cue")) if match else (None, None)


# Who tells a quotation right behind it: *“…,” Power added*, *“…,” said Power*.
VERB = r"[a-z]+\b"
TELLERS = (
    re.compile(rf" (?P<source>{NAME}) (?P<cue>{VERB})"),
    re.compile(rf" (?P<cue>{VERB}) (?P<source>{NAME})"),
)


def teller(text: str, end: int) -> tuple[Span | None, Span | None]:
    """Return source and cue of a quotation that ends at `end`, if a name and a verb of saying follow; else Nones."""
    for match in filter(None, (pattern.match(text, end) for pattern in TELLERS)):
        entry = find_cue([match["cue"]], "verb")
        if entry is not None and entry.kind == "verb":
            return match.span("source"), match.span("cue")
    return None, None


def signed(found: Sequence[Attribution], quotations: Sequence[Quotation], text: str) -> list[Attribution]:
    """Let a dash with a name sign the quotation before it, whatever quotation comes next."""
    own: dict[Span, tuple[Span, tuple[Span, ...]]] = {}
    for chain in whole_quotations(quotations):
        source, cue = signature(text, chain[-1].end) if is_statement(chain, text) else (None, None)
        if source and cue:
            own[cue] = source, tuple((quotation.start, quotation.end) for quotation in chain)
    return [sign(item, *own[item.cue]) if item.cue in own else item for item in found]


def sign(item: Attribution, source: Span, content: tuple[Span, ...]) -> Attribution:
    """Return an attribution with the source that signs it, in the words of the network if it saw the same."""
    same = item.source is not None and item.source[0] == source[0]
    return replace(item, source=item.source if same else source, content=content)


def whole_quotations(quotations: Sequence[Quotation]) -> Iterator[list[Quotation]]:
    """Yield each quotation that stands in no other, with all its paragraphs."""
    chain: list[Quotation] = []
    for quotation in quotations:
        if quotation.depth == 0:
            chain.append(quotation)
            if not quotation.continued:
                yield chain
                chain = []


def touches(quotation: Quotation, spans: Sequence[Span]) -> bool:
    """True if one of the sorted `spans` shares a character with a quotation."""
    index = bisect.bisect_left(spans, (quotation.inner_end, 0))
    return any(end > quotation.inner_start for _, end in spans[max(0, index - NEAR) : index])


def is_statement(chain: Sequence[Quotation], text: str) -> bool:
    """True if a quotation is a sentence or more, standing by itself: no title, no scare quotes, no fragment."""
    first = chain[0]
    before = text[max(0, first.start - 3) : first.start].rstrip(" \t")
    words = text[first.inner_start : chain[-1].inner_end]
    opens = not before or before[-1] in "\n\r.!?:—–"
    closes = words.rstrip()[-1:] in (".", "!", "?", "…", ",", "—") or len(chain) > 1
    return opens and closes and words[:1].isupper() and len(words.split()) >= STATEMENT_WORDS


# ---------------------------------------------------------------- in what he calls …


# What somebody else says of the matter, behind a content and no part of it: *, in what he called a “triumph”*, and
# behind blame or praise *for what they see as a betrayal*.
ASIDE = re.compile(
    r"(?:, in|(?P<reason> for)) what (?P<source>he|she|it|they|critics|some|many|[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*) "
    r"(?P<cue>(?:has |have |had )?(?:(?:see|saw|sees|describes?|described|regards?|regarded|views?|viewed) as|"
    r"calls?|called|claims?|claimed|says?|said|terms?|termed|considers?|considered|believes?|believed)) "
    r"(?P<content>\S.*)",
    re.DOTALL,
)
JUDGING = frozenset({"accuse", "criticize", "praise"})


def set_aside(found: Iterable[Attribution], quotations: Sequence[Quotation], text: str) -> Iterator[Attribution]:
    """Yield the attributions with asides cut off from their contents, and the asides as attributions of their own."""
    starts = [quotation.start for quotation in quotations]
    for item in found:
        start, end = item.content[-1]
        match = ASIDE.search(text, start, end)
        if match is None or is_quoted(match.start(), quotations, starts):
            yield item
        elif match["reason"] is None or describe(item, text).act in JUDGING:
            yield replace(item, content=(*item.content[:-1], (start, match.start())))
            yield Attribution(match.span("source"), match.span("cue"), (match.span("content"),))
        else:
            yield item


def is_quoted(position: int, quotations: Sequence[Quotation], starts: Sequence[int]) -> bool:
    """True if a character stands inside quotation marks; `starts` are those of the quotations."""
    index = bisect.bisect_right(starts, position)
    return any(quotation.end > position for quotation in quotations[max(0, index - NEAR) : index])


# ---------------------------------------------------------------- claiming he was to blame after admitting …


# What makes a cue in *-ing* finite: *officials were claiming*.
BE = frozenset({"am", "is", "are", "was", "were", "be", "been", "’s", "'s", "’re", "'re", "’m", "'m"})
# What stands between a clause and a cue in *-ing* that tells more of its subject.
PREPOSITION = re.compile(r",? (?:after|before|while|without|despite|since|by) (?:\w+ly )?$")
FARTHEST = 30
# Who a clause is about: its first words, if they name somebody.
SUBJECT = re.compile(r"(?:that )?(?P<name>(?:he|she|they)\b|[A-Z][\w’-]+(?: [A-Z][\w’-]+)*) [a-z]")


def attached(found: Sequence[Attribution], text: str) -> list[Attribution]:
    """Let *after admitting …* go with the finite clause before it: with that content, of whose subject it tells.

    In *officials claiming Pashinyan was to blame after admitting …* it is Pashinyan who admits; in *officials claimed …
    after admitting …* it is they.
    """
    clauses = {item.content[-1][1]: item for item in found if is_participle(item, text)}
    changed: dict[Attribution, Attribution] = {}
    for inner in found:
        start = inner.cue[0] if inner.cue else 0
        between = PREPOSITION.search(text, max(0, start - FARTHEST), start)
        outer = clauses.get(between.start()) if between else None
        subject = SUBJECT.match(text, *outer.content[0]) if outer else None
        if outer and subject and inner.source in (outer.source, None):
            end = max(outer.content[-1][1], inner.content[-1][1])
            content = (*outer.content[:-1], (outer.content[-1][0], end))
            changed[outer] = replace(changed.get(outer, outer), content=content)
            changed[inner] = replace(changed.get(inner, inner), source=subject.span("name"))
    return [changed.get(item, item) for item in found]


def is_participle(item: Attribution, text: str) -> bool:
    """True if the cue is one word in *-ing*, without a form of *be*, behind the source and before the content."""
    if item.source is None or item.cue is None or not item.source[1] <= item.cue[0] < item.content[0][0]:
        return False
    cue, before = text[slice(*item.cue)], text[item.source[1] : item.cue[0]].split()
    return cue.endswith("ing") and " " not in cue and BE.isdisjoint(before)


# ---------------------------------------------------------------- transcripts


# A paragraph with the name of who speaks before it: *TAPPER: Good morning.*
TURN = re.compile(
    r"^[\"“]?(?P<source>[QA]|[A-Z][\w.’'-]+(?: [A-Z][\w.’'-]*){0,3}) ?(?P<cue>:)[ \t]+"
    r"(?P<content>\S.*[.?!…][\"”’']*)[ \t]*$",
    re.MULTILINE,
)
# Paragraphs so labelled, one of the labels at least twice, that make a transcript.
TURNS = 3


def with_turns(found: Sequence[Attribution], text: str) -> list[Attribution]:
    """Add the turns of a transcript or an interview whose colon is nobody's cue yet; drop what holds many of them.

    The content of a turn ends where the next one begins.
    """
    labelled = list(TURN.finditer(text))
    if len(labelled) < TURNS or len({match["source"] for match in labelled}) == len(labelled):
        return list(found)
    colons = [match.start("cue") for match in labelled]
    found = [item for item in found if not any(within(colons, span) > 1 for span in item.content)]
    starts = [match.start() for match in labelled]
    for number, item in enumerate(found):
        if item.cue and item.cue[0] in colons:
            turn = colons.index(item.cue[0])
            end = starts[turn + 1] if turn + 1 < len(starts) else len(text)
            own = tuple(span for span in item.content if starts[turn] <= span[0] and span[1] <= end)
            found[number] = replace(item, content=own or (labelled[turn].span("content"),))
    known = sorted(item.cue for item in found if item.cue)
    return found + [
        Attribution(match.span("source"), match.span("cue"), (match.span("content"),))
        for match in labelled
        if not touched(match.span("cue"), known)
    ]


def within(positions: Sequence[int], span: Span) -> int:
    """Count the sorted positions that lie in a span."""
    return bisect.bisect_left(positions, span[1]) - bisect.bisect_left(positions, span[0])


def touched(span: Span, others: Sequence[Span]) -> bool:
    """True if `span` shares a character with one of the sorted spans `others`, which do not overlap."""
    index = bisect.bisect_left(others, (span[1], 0))
    return index > 0 and others[index - 1][1] > span[0]
