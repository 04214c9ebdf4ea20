"""Find attributions: who is the source, which words are the cue, what is the content.

In: a text and its quotations. Out: `Attribution`s by position. The spans come from the trained network
(`onrecord.network`): it finds cues, and for each cue its source and content. Quotations then correct the edges,
carry a content over paragraph borders, and see to it that no quoted sentence is lost. Who a source *is* (names,
pronouns) is left to the speakers stage.
"""

from __future__ import annotations

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
from onrecord.pieces import Pieces, encode
from onrecord.stages.quotations import Quotation

if TYPE_CHECKING:
    from onrecord.network import Network, Scored

Span = tuple[int, int]
# Windows decoded at once: enough to make numpy worth while, few enough to keep memory flat.
GROUP = 8


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
    found: list[Attribution] = []
    for group in groups(network.score(pieces), GROUP):
        for scored, cues in zip(group, find_cues(group)):
            found.extend(decode(scored, cues, network, pieces))
    found = [snap(attribution, quotations, text) for attribution in found]
    return sorted((describe(attribution, text) for attribution in found), key=position)


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


# ---------------------------------------------------------------- agreement with the quotations


def snap(attribution: Attribution, quotations: Sequence[Quotation], text: str) -> Attribution:
    """Let content take in the quotation marks that it touches."""
    content = [widen(span, quotations) for span in attribution.content]
    return replace(attribution, content=tuple(content))


def widen(span: Span, quotations: Sequence[Quotation]) -> Span:
    start, end = span
    for quotation in quotations:
        if start == quotation.inner_start:
            start = quotation.start
        if end == quotation.inner_end:
            end = quotation.end
    return start, end


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
