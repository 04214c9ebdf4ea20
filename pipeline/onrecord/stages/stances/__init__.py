"""Judge each attribution: whom or what the speaker's stance is toward, and on which side.

In: a Doc with attributions, speakers and entities. Out: one `Judgement` an attribution, in the same order. Targets and
stances come from the trained network (`network`); here the best target is chosen, the chances are calibrated, further
targets are looked for, and targets that are entities get their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from onrecord.annotations import read, text_of, write
from onrecord.labels import STANCES, TARGET_KINDS
from onrecord.model_folder import folder_with
from onrecord.pieces import encode
from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.attributions.decoding import Array
from onrecord.stages.quotations import Quotation
from onrecord.stages.speakers import RESOLVERS, Speaker, resolve_name
from onrecord.stages.speakers.names import word_set
from onrecord.stages.stances.network import Candidates, Marked, cue_stance, mark
from onrecord.stages.stances.reversals import reversed_stance

if TYPE_CHECKING:
    from onrecord.stages.speakers.resolver import Resolver
    from onrecord.stages.stances.network import Reader

# What an exact target is worth beside one that shares half of its pieces with the right one, when one is chosen.
EXACT = 1.0
# How sure a reversal before the target makes of the stance.
REVERSAL_CHANCE = 0.85
# A further target must be this likely, next to the chosen one, and its stance this sure.
OTHER_CHANCE, OTHER_STANCE = 0.02, 0.5
# Between two targets of equal rank: *an exercise and by Pashinyan's announcement*.
JOINT = re.compile(
    r"(?:\s*,\s*|\s+)(?:(?:and|or|nor|as well as|but also)\s+)?"
    r"(?:(?:by|of|for|to|with|against|about|on|at|in|from)\s+)?"
)
# What a further target begins with: a name or a determiner; other words often begin a clause.
NOMINAL = re.compile(r"[A-Z]|(?:the|an?|this|that|these|those|his|her|its|their|our|my|all|any|some)\s")
# *Russia and Pashinyan's government*: of two names the first is the target (GUIDELINES: between equals, the first; in
# the training labels 27 of 29), the second a further one.
PAIR = re.compile(r"((?:[Tt]he )?[A-Z][\w.’'-]*(?: [A-Z][\w.’'-]*){0,4}) and ((?:the )?[A-Z].*)", re.DOTALL)
CONJUNCTION = re.compile(r",|\b(?:and|n?or|as well as|but also)\b")
SPEAKER_WORDS = word_set("i me my mine myself")
# Small words that a target may begin with and still mean somebody who has a name: not *a road to Armenia*.
POINTING = word_set(
    "he him his himself she her herself it its itself they them their themselves we us our you the this that former"
)
# Several people are not one: the resolver's *we* is the speaker.
PLURAL = word_set("they them their themselves we us our")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A stance toward a target.

    `target` is (start, end) in characters, end exclusive, inside the attribution's content or cue; None where there
    are no words for it. `others` are further (start, end, stance, name, kind). Confidences are calibrated chances.
    """

    stance: str
    target: Span | None
    target_name: str | None
    target_kind: str
    stance_confidence: float | None
    target_confidence: float | None
    others: tuple[tuple[int, int, str, str | None, str], ...] = ()


def judge(
    text: str,
    quotations: Sequence[Quotation],
    attributions: Sequence[Attribution],
    speakers: Sequence[Speaker],
    reader: Reader,
    resolver: Resolver | None = None,
) -> list[Judgement]:
    """Return one judgement an attribution; `resolver` knows whom pronouns and short names mean."""
    pieces, found = encode(text, quotations, reader.tokenizer), []
    for number, (attribution, speaker) in enumerate(zip(attributions, speakers)):
        source, cue = ([span] if span else [] for span in (attribution.source, attribution.cue))
        carried = cue_stance(" ".join(text[start:end] for start, end in cue))
        marked = mark(pieces, source, cue, attribution.content, carried)
        decision = decide(reader.score(marked), marked, text, reader.calibration)
        found.append(judgement(decision, Namer(text, speaker, resolver, number)) if decision else NOTHING)
    return found


NOTHING = Judgement("neutral", None, None, "thing", None, None)


# ---------------------------------------------------------------- from scores to a decision


@dataclass(frozen=True, slots=True)
class Decision:
    """What is published of an attribution's scores; `others` are further spans with their stance."""

    target: Span
    stance: str
    target_chance: float
    stance_chance: float
    others: tuple[tuple[Span, str], ...]


def decide(candidates: Candidates, marked: Marked, text: str, calibration: dict[str, float]) -> Decision | None:
    """Choose target and stance from the candidates; None if there is none."""
    if not len(candidates.places):
        return None
    alike = agreement(candidates.places, marked.ids)
    plain, tempered = (softmax(candidates.scores / t) for t in (1.0, calibration["target_temperature"]))
    best = best_candidate(alike, plain)
    stances = softmax(candidates.stances / calibration["stance_temperature"])
    weights = plain * alike[best]
    chances = with_reversal(weights @ stances / weights.sum(), marked, candidates.places[best], text)
    stance = int(np.argmax(chances))
    target, *rest = split_pair(characters(marked, candidates.places[best], text), text)
    others = [*rest, *further(best, stance, candidates, stances, plain, marked, text)]
    return Decision(
        target,
        STANCES[stance],
        min(float(alike[best] @ tempered), 1.0),
        float(chances[stance]),
        tuple((span, STANCES[stance]) for span in others) if STANCES[stance] != "neutral" else (),
    )


def with_reversal(chances: Array, marked: Marked, place: NDArray[np.int64], text: str) -> Array:
    """Return the chances of the stances, given the words of the content before a target."""
    first = int(np.flatnonzero(marked.segment == marked.segment[place[0]])[0])
    stance = reversed_stance(text[marked.start[first] : marked.start[place[0]]])
    if stance is None:
        return chances
    likely = chances * (1 - REVERSAL_CHANCE)
    likely[STANCES.index(stance)] += REVERSAL_CHANCE
    return likely


def best_candidate(alike: Array, chances: Array) -> int:
    """Return the candidate that is worth most: half right counts too."""
    return int(np.argmax(alike @ chances + EXACT * chances))


def split_pair(span: Span, text: str) -> list[Span]:
    """Return the two halves of *A and B*, where both are names; else the span itself."""
    pair = PAIR.fullmatch(text[slice(*span)])
    return [(span[0] + start, span[0] + end) for start, end in (pair.span(1), pair.span(2))] if pair else [span]


def softmax(scores: Array) -> Array:
    """Return chances over the last axis."""
    shifted = np.exp(scores - scores.max(-1, keepdims=True))
    result: Array = shifted / shifted.sum(-1, keepdims=True)
    return result


def agreement(places: NDArray[np.int64], ids: NDArray[np.int64]) -> Array:
    """Return the 0/1 matrix of spans that share half of the longer one's pieces, or have the same words."""
    first, last = places[:, 0], places[:, 1]
    shared = np.minimum.outer(last, last) - np.maximum.outer(first, first) + 1
    longer = np.maximum.outer(last - first, last - first) + 1
    numbers: dict[tuple[int, ...], int] = {}
    words = [tuple(ids[start : end + 1].tolist()) for start, end in places.tolist()]
    word = np.array([numbers.setdefault(one, len(numbers)) for one in words])
    same = word[:, None] == word
    result: Array = ((2 * shared >= longer) | same).astype(np.float32)
    return result


def characters(marked: Marked, place: NDArray[np.int64], text: str) -> Span:
    """Return the characters of a span of places, without quotation marks and commas at its ends."""
    start, end = int(marked.start[place[0]]), int(marked.end[place[1]])
    while end - start > 1 and text[start] in '“”"‘,;: \n':
        start += 1
    while end - start > 1 and text[end - 1] in '“”"’,;: \n':
        end -= 1
    return start, end


def further(
    best: int, stance: int, candidates: Candidates, stances: Array, chances: Array, marked: Marked, text: str
) -> Iterator[Span]:
    """Yield other targets of the same stance, joined to the chosen one or to each other by *and* or a comma."""
    taken = [characters(marked, candidates.places[best], text)]
    if not NOMINAL.match(text[slice(*taken[0])]):
        return
    likely = (chances >= OTHER_CHANCE * chances[best]) & (stances[:, stance] >= OTHER_STANCE)
    for index in np.flatnonzero(likely).tolist():
        span = characters(marked, candidates.places[index], text)
        words = text[slice(*span)]
        if not NOMINAL.match(words) or any(words == text[start:end] for start, end in taken):
            continue
        if any(joined(span, other, text) for other in taken) and not any(overlap(span, other) for other in taken):
            taken.append(span)
            yield span


def overlap(one: Span, two: Span) -> bool:
    """Whether two spans share a character."""
    return one[0] < two[1] and two[0] < one[1]


def joined(one: Span, two: Span, text: str) -> bool:
    """Whether only a conjunction or a comma stands between two spans."""
    (_, end), (start, _) = sorted((one, two))
    between = text[end:start]
    return CONJUNCTION.search(between) is not None and JOINT.fullmatch(between) is not None


# ---------------------------------------------------------------- names


@dataclass(frozen=True, slots=True)
class Namer:
    """What is known of an attribution's article when its targets get their names."""

    text: str
    speaker: Speaker
    resolver: Resolver | None
    number: int

    def name_of(self, span: Span) -> tuple[str | None, str]:
        """Return name and kind of a target; (None, "thing") where it is no entity."""
        if self.text[span[0] : span[1]].lower() in SPEAKER_WORDS and self.speaker.name:
            return self.speaker.name, self.speaker.kind
        words = self.text[span[0] : span[1]].split()
        if self.resolver is None:
            return None, "thing"
        if words[0].lower() not in POINTING and not words[0][0].isupper():
            return None, "thing"
        name, kind, _ = resolve_name(self.resolver, span, self.number)
        if name is None or (kind == "person" and words[0].lower() in PLURAL):
            return None, "thing"
        return name, kind if kind in TARGET_KINDS else "group"


def judgement(decision: Decision, namer: Namer) -> Judgement:
    """Give a decision's targets their names."""
    others = [(*span, stance, *namer.name_of(span)) for span, stance in decision.others]
    name, kind = namer.name_of(decision.target)
    return Judgement(
        decision.stance, decision.target, name, kind, decision.stance_chance, decision.target_chance, tuple(others)
    )


# ---------------------------------------------------------------- the component


@lru_cache(maxsize=4)
def load_reader(folder: Path) -> Reader:
    """Load the reader of a model folder, once a process."""
    from onrecord.stages.stances.network import Reader

    return Reader(folder)


@Language.factory(
    "onrecord_stances", default_config={"model": None}, assigns=["doc._.onrecord"], requires=["doc._.onrecord"]
)
def make_stances(nlp: Language, name: str, model: str | None) -> Stances:
    """Build the component; `model` is what `onrecord.load` takes."""
    return Stances(model)


class Stances:
    """Stores the judgements of a Doc in `doc._.onrecord["stances"]`; needs attributions and speakers before it."""

    def __init__(self, model: str | Path | None) -> None:
        self.reader = load_reader(folder_with("stances.onnx", model))

    def __call__(self, doc: Doc) -> Doc:
        attributions, speakers = read(doc, "attributions", Attribution), read(doc, "speakers", Speaker)
        quotations = read(doc, "quotations", Quotation)
        found = judge(text_of(doc), quotations, attributions, speakers, self.reader, RESOLVERS.get(doc))
        write(doc, "stances", found)
        return doc
