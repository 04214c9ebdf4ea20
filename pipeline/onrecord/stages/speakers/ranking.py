"""Whom a pronoun or a description means: the people, bodies and groups named near it, ranked by a linear model.

In: a `Story`, the mentions read so far and the words to resolve. Out: candidates with chances, best first. The
weights are fitted on annotated articles (models/recipe/speakers); the features are listed in `FEATURES`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onrecord.stages.attributions import Span
from onrecord.stages.speakers.entities import Entity
from onrecord.stages.speakers.names import fold, word_set
from onrecord.stages.speakers.phrases import POSSESSIVES, PREPOSITIONS, Phrase, noun_of
from onrecord.stages.speakers.story import Story

# Candidates looked at, and mentions gone through to find them: what keeps the stage linear.
NEAREST = 12
LOOK_BACK = 90

FEATURES = (
    "same sentence", "sentence before", "two sentences before", "same paragraph", "paragraph before",
    "paragraphs away", "nearest", "second nearest", "third nearest", "last speaker, same paragraph",
    "last speaker, paragraph before", "last speaker, farther", "last but one speaker", "speaks in this sentence",
    "subject of sentence before", "first in sentence", "first in paragraph", "after preposition", "possessive",
    "quoted", "in own content", "last mention a pronoun", "same pronoun", "gender agrees", "gender clashes",
    "subject of this sentence", "bound", "same sentence, after preposition", "topic of this paragraph", "mentions",
    "most mentioned", "in first lines", "mentions in last two sentences", "follows", "person", "organization",
    "place", "group", "anonymous", "document", "was told", "role agrees", "role agrees near", "modifier agrees",
    "words agree", "described so", "outlet agrees", "outlet clashes", "place agrees",
    "place clashes", "named by initials", "none", "none: first of its words", "none: definite", "none: bare",
    "none: long", "none: possessive", "none: few candidates",
)  # fmt: skip
INDEX = {name: number for number, name in enumerate(FEATURES)}


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """A mention in running order: of a name, a resolved pronoun or a description."""

    start: int
    end: int
    entity: Entity = field(compare=False)
    form: str = field(compare=False, default="name")
    possessive: bool = field(compare=False, default=False)


@dataclass(frozen=True, slots=True)
class Query:
    """What is to be resolved: a pronoun, or the phrase of a description, at characters `start` to `end`.

    `task` names the model: personal, plural, thing, nominal, body. `own` is the content of its attribution; `source`
    is false for a pronoun that is no source, followed only to see whom the text goes on about.
    """

    start: int
    end: int
    task: str
    word: str = ""
    phrase: Phrase | None = None
    own: tuple[Span, ...] = ()
    gender: str = ""
    source: bool = True


@dataclass(slots=True)
class Candidate:
    """`entity` is None for the reading that the words name nobody else; `chance` is filled in by `rank`."""

    entity: Entity | None
    event: Event | None
    values: dict[str, float]
    task: str = ""
    score: float = 0.0
    chance: float = 0.0


@dataclass(slots=True)
class Trail:
    """What has been read so far: mentions in order, and who spoke, the latest last."""

    events: list[Event]
    speakers: list[tuple[int, Entity]] = field(default_factory=list)
    told: list[Entity] = field(default_factory=list)
    pronouns: dict[str, Entity] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Take in a mention that was not a name."""
        insort(self.events, event)

    def topic(self, story: Story, position: int) -> Entity | None:
        """Return the first person mentioned in the paragraph of `position`, if before it."""
        start = story.paragraph_starts[story.paragraph(position)]
        index = bisect_left(self.events, start, key=lambda event: event.start)
        for event in self.events[index : index + 4]:
            if event.start >= position:
                return None
            word = story.word_at(event.start)
            governed = word > 0 and story.words[word - 1].lower() in PREPOSITIONS
            if event.entity.kind == "person" and not event.possessive and not governed:
                return event.entity
        return None

    def near(self, position: int) -> list[Event]:
        """Return the mentions around a character."""
        index = bisect_left(self.events, position, key=lambda event: event.start)
        return self.events[max(0, index - 3) : index + 1]


def trail_of(story: Story) -> Trail:
    """Return the mentions of names of an article."""
    events = [
        Event(mention.start, mention.end, entity, "name", mention.possessive)
        for entity in story.registry.entities
        for mention in entity.mentions
    ]
    return Trail(sorted(events))


# ---------------------------------------------------------------- candidates


ALLOWED: Mapping[str, frozenset[str]] = {
    "personal": frozenset(("person", "anonymous")),
    "plural": word_set("group organization anonymous person people"),
    "thing": frozenset(("organization", "place", "document", "group")),
    "nominal": frozenset(("person",)),
    "body": frozenset(("organization", "place")),
}


def candidates(story: Story, trail: Trail, query: Query) -> list[Candidate]:
    """Return the candidates for `query`, the nearest first, those after it last."""
    found: dict[int, Event] = {}
    position = bisect_left(trail.events, query.start, key=lambda event: event.start)
    allowed = ALLOWED[query.task]
    for event in reversed(trail.events[max(0, position - LOOK_BACK) : position]):
        if event.entity.kind in allowed and event.end <= query.start and id(event.entity) not in found:
            found[id(event.entity)] = event
            if len(found) == NEAREST:
                break
    for _, entity in trail.speakers[-2:]:
        if id(entity) not in found and entity.kind in allowed and entity.mentions:
            mention = entity.mentions[0]
            found[id(entity)] = Event(mention.start, mention.end, entity)
    for event in following(story, trail, query, position):
        if event.entity.kind in allowed:
            found.setdefault(id(event.entity), event)
    return [Candidate(event.entity, event, {}, query.task) for event in found.values()]


def following(story: Story, trail: Trail, query: Query, position: int) -> Iterator[Event]:
    """Yield the names in the rest of the sentence, up to two."""
    sentence = story.sentence(query.start)
    for event in trail.events[position : position + 4]:
        if event.start >= query.end and story.sentence(event.start) == sentence:
            yield event


# ---------------------------------------------------------------- features


def describe(story: Story, trail: Trail, query: Query) -> list[Candidate]:
    """Return the candidates for `query` with the values of their features."""
    found = candidates(story, trail, query)
    most = max((count_before(c.entity, query.start) for c in found if c.entity), default=0)
    for rank, candidate in enumerate(found):
        entity, event = candidate.entity, candidate.event
        if entity is None or event is None:
            continue
        values = candidate.values
        if event.start >= query.end:
            values["follows"] = 1.0
        else:
            place(story, query, event, values)
            if rank < 3:
                values[("nearest", "second nearest", "third nearest")[rank]] = 1.0
        surroundings(story, trail, query, event, values)
        speaking(story, trail, query, entity, values)
        own_nature(story, query, entity, values, most)
        if query.phrase is not None:
            agreement(story, query, entity, event, values)
    if query.task in ("nominal", "body"):
        found.append(Candidate(None, None, none_values(story, query, found), query.task))
    return found


def place(story: Story, query: Query, event: Event, values: dict[str, float]) -> None:
    """Say how far back the last mention is."""
    sentences = story.sentence(query.start) - story.sentence(event.start)
    if sentences < 3:
        values[("same sentence", "sentence before", "two sentences before")[sentences]] = 1.0
    paragraphs = story.paragraph(query.start) - story.paragraph(event.start)
    if paragraphs < 2:
        values[("same paragraph", "paragraph before")[paragraphs]] = 1.0
    else:
        values["paragraphs away"] = math.log(paragraphs)


def surroundings(story: Story, trail: Trail, query: Query, event: Event, values: dict[str, float]) -> None:
    """Say what stands around the last mention."""
    word = story.word_at(event.start)
    before = story.words[word - 1].lower() if word else ""
    if before in PREPOSITIONS:
        values["after preposition"] = 1.0
    if event.possessive:
        values["possessive"] = 1.0
    if story.quotation(event.start) and not story.quotation(query.start):
        values["quoted"] = 1.0
    if any(start <= event.start < end for start, end in query.own):
        values["in own content"] = 1.0
    if event.form == "pronoun":
        values["last mention a pronoun"] = 1.0
    first = first_in(story, trail, event)
    same = story.sentence(query.start) == story.sentence(event.start) and event.start < query.start
    if same and "after preposition" in values:
        values["same sentence, after preposition"] = 1.0
    if same and bound(story, query, event):
        values["bound"] = 1.0
    # *In his meeting with Pashinyan, he*: what a preposition governs is no subject, though it comes first.
    if first and "after preposition" not in values:
        values["first in sentence"] = 1.0
        if same and not event.possessive:
            values["subject of this sentence"] = 1.0
        if story.sentence(query.start) - story.sentence(event.start) == 1:
            values["subject of sentence before"] = 1.0
        if story.sentence_starts[story.sentence(event.start)] in story.paragraph_set:
            values["first in paragraph"] = 1.0


def bound(story: Story, query: Query, event: Event) -> bool:
    """True if *his* or *her* stands just before the mention: in *his meeting with Pashinyan, he*, he is another."""
    word = story.word_at(event.start)
    floor = story.sentence_starts[story.sentence(event.start)]
    before = [n for n in range(max(word - 5, 0), word) if story.starts[n] >= floor]
    return any(story.words[number].lower() in ("his", "her") for number in before)


def first_in(story: Story, trail: Trail, event: Event) -> bool:
    """True if no person is mentioned before `event` in its sentence."""
    start = story.sentence_starts[story.sentence(event.start)]
    position = bisect_left(trail.events, start, key=lambda other: other.start)
    for other in trail.events[position : position + 6]:
        if other.start >= event.start:
            return True
        if other.entity.kind == event.entity.kind and other.entity is not event.entity and not other.possessive:
            return False
    return True


def speaking(story: Story, trail: Trail, query: Query, entity: Entity, values: dict[str, float]) -> None:
    """Say whether the candidate has just spoken or been spoken to."""
    if trail.speakers:
        position, last = trail.speakers[-1]
        if last is entity:
            away = story.paragraph(query.start) - story.paragraph(position)
            label = "same paragraph" if away <= 0 else "paragraph before" if away == 1 else "farther"
            values[f"last speaker, {label}"] = 1.0
            if story.sentence(position) == story.sentence(query.start):
                values["speaks in this sentence"] = 1.0
        elif len(trail.speakers) > 1 and trail.speakers[-2][1] is entity:
            values["last but one speaker"] = 1.0
    if trail.told and trail.told[-1] is entity:
        values["was told"] = 1.0
    if trail.topic(story, query.start) is entity:
        values["topic of this paragraph"] = 1.0
    if query.word and trail.pronouns.get(query.word) is entity:
        values["same pronoun"] = 1.0


def own_nature(story: Story, query: Query, entity: Entity, values: dict[str, float], most: int) -> None:
    """Say what the candidate is: kind, gender, how often it is mentioned."""
    values["person" if entity.kind == "people" else entity.kind] = 1.0
    sex = entity.sex()
    if query.gender and sex:
        values["gender agrees" if sex == query.gender else "gender clashes"] = 1.0
    count = count_before(entity, query.start)
    values["mentions"] = math.log1p(count)
    if count == most:
        values["most mentioned"] = 1.0
    if entity.mentions and entity.mentions[0].start < story.lead_end:
        values["in first lines"] = 1.0
    if entity.acronym:
        values["named by initials"] = 1.0
    floor = story.sentence_starts[max(story.sentence(query.start) - 2, 0)]
    near = count - count_before(entity, floor)
    if near > 1:
        values["mentions in last two sentences"] = math.log(near)


def count_before(entity: Entity, position: int) -> int:
    """Count the mentions of `entity` that begin before `position`."""
    return bisect_left(entity.mentions, position, key=lambda mention: mention.start)


def agreement(story: Story, query: Query, entity: Entity, event: Event, values: dict[str, float]) -> None:
    """Say how well a description fits the candidate's titles, appositions and name."""
    phrase = query.phrase
    if phrase is None:
        return
    if holds_role(entity, phrase.noun):
        values["role agrees"] = 1.0
        if "paragraphs away" not in values:
            values["role agrees near"] = 1.0
    modifiers = {fold(word) for word in story.words[phrase.first : phrase.head]} - {phrase.determiner, "", "the"}
    if modifiers & entity.roles:
        values["modifier agrees"] = 1.0
    if phrase.noun in {fold(word) for word in entity.name.split()}:
        values["words agree"] = 1.0
    elif described(story, entity, phrase.noun):
        values["described so"] = 1.0
    if entity.kind != "person":
        for label, nouns, fits in (
            ("outlet", OUTLETS, fold(entity.name) in story.outlets),
            ("place", GOVERNMENTS, entity.kind == "place"),
        ):
            if fits or phrase.noun in nouns:
                values[f"{label} {'agrees' if fits and phrase.noun in nouns else 'clashes'}"] = 1.0
    noun = noun_of(phrase.noun)
    sex = entity.sex()
    if noun and noun[1] and sex:
        values["gender agrees" if noun[1] == sex else "gender clashes"] = 1.0


def holds_role(entity: Entity, noun: str) -> bool:
    """True if a noun is in one of the titles of `entity`: *the general* and *Gen. Ham*."""
    return noun in entity.roles or ROLES.get(noun, noun) in entity.roles


def described(story: Story, entity: Entity, noun: str) -> bool:
    """True if a noun stands beside the first mention of `entity`: *Hugh Hill, a doctor*."""
    if not entity.mentions:
        return False
    first = story.word_at(entity.mentions[0].start)
    last = story.word_at(entity.mentions[0].end - 1) + 1
    around = (*story.words[max(first - BESIDE, 0) : first], *story.words[last : last + 2 * BESIDE])
    return noun in map(fold, around)


# Words before a first mention that may describe it; twice as many after it.
BESIDE = 4
OUTLETS = word_set(
    "newspaper paper magazine network outlet station site website channel publication program show tabloid"
)
GOVERNMENTS = word_set("government country nation state city administration capital kingdom republic")
# What short titles and descriptions call one office.
ROLES = {
    "senator": "sen", "representative": "rep", "congressman": "rep", "congresswoman": "rep", "governor": "gov",
    "lawmaker": "rep", "doctor": "dr", "general": "gen", "professor": "prof", "reverend": "rev", "pastor": "rev",
    "businessman": "mogul", "boss": "chief", "pontiff": "pope", "nominee": "candidate", "candidate": "nominee",
    "chair": "chairman", "chairman": "chair", "frontrunner": "front-runner", "justice": "judge", "judge": "justice",
    "lawyer": "attorney", "attorney": "lawyer", "physician": "dr", "spokesperson": "spokesman",
}  # fmt: skip


def none_values(story: Story, query: Query, found: Sequence[Candidate]) -> dict[str, float]:
    """Return the features of the reading that a description names nobody else."""
    values = {"none": 1.0}
    phrase = query.phrase
    if phrase is not None:
        values["none: definite"] = float(phrase.definite)
        values["none: bare"] = float(not phrase.determiner)
        values["none: possessive"] = float(phrase.determiner in POSSESSIVES)
        values["none: long"] = float(phrase.last - phrase.first > 3)
    if len(found) < 2:
        values["none: few candidates"] = 1.0
    return values


# ---------------------------------------------------------------- the model


@dataclass(frozen=True)
class Ranker:
    """Weights by task and feature."""

    weights: Mapping[str, Mapping[str, float]]

    def rank(self, story: Story, trail: Trail, query: Query) -> list[Candidate]:
        """Return the candidates for `query` with their chances, best first; ties go to the nearer."""
        found = describe(story, trail, query)
        weights = self.weights.get(query.task, {})
        for candidate in found:
            candidate.score = sum(value * weights.get(name, 0.0) for name, value in candidate.values.items())
        if found:
            top = max(candidate.score for candidate in found)
            total = sum(math.exp(candidate.score - top) for candidate in found)
            for candidate in found:
                candidate.chance = math.exp(candidate.score - top) / total
        return sorted(found, key=lambda candidate: -candidate.score)


__all__ = ["Candidate", "Event", "Query", "Ranker", "Trail", "describe", "described", "holds_role", "trail_of"]
