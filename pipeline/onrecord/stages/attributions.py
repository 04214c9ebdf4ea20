"""Find attributions: who is the source, which words are the cue, what is the content.

In: a text and its quotations. Out: `Attribution`s by position. The spans come from the trained network
(`onrecord.network`): it finds cues, and for each cue its source and content. Quotations then correct the edges,
carry a content over paragraph borders, and see to it that no quoted sentence is lost. Who a source *is* (names,
pronouns) is left to the speakers stage.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from onrecord.annotations import read, write
from onrecord.decoding import (
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
from onrecord.lexicons import find_cue, lemma_of
from onrecord.network import LENGTH
from onrecord.pieces import Pieces, Window, encode
from onrecord.stages.quotations import Quotation

if TYPE_CHECKING:
    from onrecord.network import Network, Scored

Span = tuple[int, int]
# Windows decoded at once: enough to make numpy worth while, few enough to keep memory flat.
GROUP = 8
# Least score of an attribution. Chosen on dev for the best F1 of attributions with source and cue.
THRESHOLD = 0.15
# The same for attributions inside the content of others, where being wrong costs more than missing one; and the least
# pieces that such a content has.
INNER_THRESHOLD = 0.6
INNER_PIECES = 8
# Words of a quotation that is a record though nobody is named for it.
STATEMENT_WORDS = 4
# Neighbours, in text order, among which rivals and holders of an attribution are looked for.
NEAR = 40


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


def find_attributions(text: str, quotations: Sequence[Quotation], network: Network) -> list[Attribution]:
    """Return the attributions of `text` in text order; linear in its length."""
    pieces = encode(text, quotations, network.tokenizer)
    found = without_rivals(read_scores(network.score(pieces), network, pieces), THRESHOLD)
    found = [replace(item, content=snap(item.content, quotations)) for item in found]
    found = carry_over(found, quotations)
    found += unclaimed(found, quotations, text)
    found += find_inner(found, network, pieces, quotations)
    found = [describe(calibrate(item, network), text) for item in found]
    return enclose(sorted(found, key=position))


def calibrate(item: Attribution, network: Network) -> Attribution:
    """Turn the network's score into a chance."""
    return item if item.score is None else replace(item, score=network.calibrated(item.score))


def read_scores(scores: Iterable[Scored], network: Network, pieces: Pieces) -> Iterator[Attribution]:
    """Yield what the network sees in its windows, however unsure."""
    for group in groups(scores, GROUP):
        for scored, cues in zip(group, find_cues(group)):
            yield from decode(scored, cues, network, pieces)


def position(attribution: Attribution) -> tuple[int, ...]:
    """Return the sort key of an attribution: where it begins, then its cue."""
    spans = [*attribution.content, *(span for span in (attribution.source, attribution.cue) if span)]
    return (min(start for start, _ in spans), *(attribution.cue or attribution.content[0]))


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


# ---------------------------------------------------------------- from scores to spans


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


# ---------------------------------------------------------------- what the cue says

WORD = re.compile(r"\w+(?:[’'-]\w+)*")
NEGATION = re.compile(r"\b(?:not|never|no longer|neither|nor|without|cannot)\b|n[’']t\b", re.IGNORECASE)
# Characters before a cue in which a negation may stand (*did not immediately* | *say*).
BEFORE_CUE = 24


def describe(attribution: Attribution, text: str) -> Attribution:
    """Add lemma, act and negation of the cue, by the lexicon."""
    if attribution.cue is None:
        return attribution
    start, end = attribution.cue
    words = [word.lower() for word in WORD.findall(text, start, end)]
    entry = find_cue(words)
    lemma = entry.cue if entry else " ".join(map(lemma_of, words[:1])) or text[start:end]
    act = entry.act if entry else "assert"
    return replace(attribution, lemma=lemma, act=act, negated=is_negated(text, start, end))


def is_negated(text: str, start: int, end: int) -> bool:
    """True if the cue says that nobody said so (*did not say*)."""
    before = re.split(r"[.,;:!?—\n“”\"]", text[max(0, start - BEFORE_CUE) : start])[-1]
    return NEGATION.search(before + text[start:end]) is not None


# ---------------------------------------------------------------- agreement with each other


def without_rivals(found: Iterable[Attribution], threshold: float) -> list[Attribution]:
    """Drop what scores under `threshold`, and of two attributions of the same content the less sure one."""
    kept: list[Attribution] = []
    for attribution in sorted(found, key=lambda item: -(item.score or 0.0)):
        if (attribution.score or 0.0) < threshold:
            break
        near = (other for other in kept if overlap(attribution.content, other.content))
        if not any(same_content(attribution.content, other.content) for other in near):
            kept.append(attribution)
    return kept


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


# ---------------------------------------------------------------- agreement with the quotations


def snap(content: Sequence[Span], quotations: Sequence[Quotation]) -> tuple[Span, ...]:
    """Let content take in the quotation marks that it touches; pieces that meet become one."""
    starts = {quotation.inner_start: quotation.start for quotation in quotations}
    ends = {quotation.inner_end: quotation.end for quotation in quotations}
    joined: list[Span] = []
    for start, end in sorted((starts.get(start, start), ends.get(end, end)) for start, end in content):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def carry_over(found: Sequence[Attribution], quotations: Sequence[Quotation]) -> list[Attribution]:
    """Give an attribution the rest of a quotation that goes on over several paragraphs, if nobody else claims it."""
    found = list(found)
    for chain in whole_quotations(quotations):
        if len(chain) == 1:
            continue
        holders = [claimant(quotation, found) for quotation in chain]
        owners = {holder for holder in holders if holder is not None}
        if len(owners) == 1:
            owner = owners.pop()
            rest = [(q.start, q.end) for q, holder in zip(chain, holders) if holder is None]
            found[owner] = replace(found[owner], content=tuple(sorted([*found[owner].content, *rest])))
    return found


def claimant(quotation: Quotation, found: Sequence[Attribution]) -> int | None:
    """Return the index of an attribution whose content holds most of a quotation."""
    span = ((quotation.inner_start, quotation.inner_end),)
    for index, attribution in enumerate(found):
        if 2 * overlap(attribution.content, span) > length(span):
            return index
    return None


def unclaimed(found: Sequence[Attribution], quotations: Sequence[Quotation], text: str) -> list[Attribution]:
    """Return attributions without source and cue for quoted sentences that no attribution holds."""
    claimed = sorted(span for attribution in found for span in attribution.content)
    left = []
    for chain in whole_quotations(quotations):
        if is_statement(chain, text) and not any(touches(quotation, claimed) for quotation in chain):
            source, cue = signature(text, chain[-1].end)
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


# ---------------------------------------------------------------- attributions inside attributions


def find_inner(
    found: Sequence[Attribution], network: Network, pieces: Pieces, quotations: Sequence[Quotation]
) -> list[Attribution]:
    """Return the attributions inside the contents of others: each content is read once more, by itself.

    The network was trained on outer attributions alone; read by itself, without its quotation marks, a content is
    narration, and what the network is sure of in it is an inner attribution.
    """
    contents = [span for attribution in found for span in attribution.content]
    bare = replace(pieces, features=np.where(pieces.features > 0, unquoted(pieces.features), 0))
    parts = [part for span in sorted(set(contents)) if (part := window_of(span, pieces))]
    inner = without_rivals(read_scores(network.score(bare, parts), network, pieces), INNER_THRESHOLD)
    inner = [replace(item, content=snap(item.content, quotations)) for item in inner]
    known = sorted(attribution.cue for attribution in found if attribution.cue)
    return [item for item in inner if item.cue and not is_known(item.cue, known) and is_smaller(item, contents)]


def unquoted(features: NDArray[np.int64]) -> NDArray[np.int64]:
    """Clear the feature *inside quotation marks*."""
    return 1 + ((features - 1) & ~2)


def window_of(span: Span, pieces: Pieces) -> Window | None:
    """Return the window of a content; None if it is too short to hold an attribution or too long for one window."""
    start = int(np.searchsorted(pieces.start, span[0]))
    end = int(np.searchsorted(pieces.end, span[1], "right"))
    return Window(start, end, start, end) if INNER_PIECES <= end - start <= LENGTH - 10 else None


def is_known(cue: Span, known: Sequence[Span]) -> bool:
    """True if a cue overlaps one of the sorted cues that are `known`."""
    index = bisect.bisect_left(known, (cue[1], 0))
    return index > 0 and known[index - 1][1] > cue[0]


def is_smaller(item: Attribution, contents: Sequence[Span]) -> bool:
    """True unless an inner content is the whole of an outer one."""
    return not any(same_content(item.content, [content]) for content in contents)


# ---------------------------------------------------------------- the component


@lru_cache(maxsize=4)
def load_network(folder: Path) -> Network:
    """Load the network of a model folder, once a process."""
    from onrecord.network import Network

    return Network(folder)


@Language.factory(
    "onrecord_attributions", default_config={"model": None}, assigns=["doc._.onrecord"], requires=["doc._.onrecord"]
)
def make_attributions(nlp: Language, name: str, model: str | None) -> Attributions:
    """Build the component; `model` is a model folder, by default the one that comes with the package."""
    return Attributions(Path(model) if model else None)


class Attributions:
    """Stores the attributions of a Doc in `doc._.onrecord["attributions"]`; needs the quotations stage before it."""

    def __init__(self, folder: Path | None) -> None:
        from en_onrecord import path

        self.network = load_network(folder or path())

    def __call__(self, doc: Doc) -> Doc:
        write(doc, "attributions", find_attributions(doc.text, read(doc, "quotations", Quotation), self.network))
        return doc
