"""What a reader of an article keeps in mind: its mentions so far, and the groups and things it describes.

In: a `Story`. Out: entities for descriptions (*analysts*, *the report*), which *they* and *it* may mean later.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from itertools import pairwise

from onrecord.stages.speakers import kinds
from onrecord.stages.speakers.entities import Entity, Mention
from onrecord.stages.speakers.judging import Model
from onrecord.stages.speakers.names import is_title, without_possessive
from onrecord.stages.speakers.phrases import Phrase, begin_of, noun_of, read_phrase
from onrecord.stages.speakers.ranking import Event, Trail, trail_of
from onrecord.stages.speakers.sources import clean, is_thing
from onrecord.stages.speakers.story import Story

# How many sentences before *they* or *it* are searched for what it may mean.
NOTICED_SENTENCES = 3


class Notebook:
    """The trail of mentions, and the descriptions noticed, each with its entity."""

    def __init__(self, story: Story, model: Model) -> None:
        self.story = story
        self.model = model
        self.trail: Trail = trail_of(story)
        self.phrases: dict[str, Entity] = {}
        self.noticed = 0

    def phrase_entity_of(self, phrase: Phrase) -> Entity:
        """Return the entity of a description, its kind by the linear model."""
        story = self.story
        people = phrase.head in story.peoples
        named = any(True for _ in story.names_in(phrase.first, phrase.last))
        chances = kinds.score(self.model.kinds, kinds.features(story.words, phrase, people, named))
        kind = max(chances, key=lambda kind: chances[kind])
        if not phrase.plural and (noun := noun_of(phrase.noun)) and noun[0] in ("person", "aide"):
            kind = "anonymous"
        span = story.span_of(phrase.first, phrase.last)
        name = without_possessive(" ".join(story.text[slice(*span)].split()))
        if kind == "organization":
            name = clean(name)
        return self.phrase_entity(name, kind, Mention(*span, name, kind))

    def phrase_entity(self, name: str, kind: str, mention: Mention) -> Entity:
        """Return the entity of a description, the same for the same words."""
        key = name.casefold()
        if key not in self.phrases:
            self.phrases[key] = Entity(name, kind, name.split())
        entity = self.phrases[key]
        if not any(known.start == mention.start for known in entity.mentions):
            insort(entity.mentions, mention, key=lambda known: known.start)
        return entity

    def notice_phrases(self, position: int) -> None:
        """Take note of groups and things described shortly before `position`, which *they* and *it* may mean.

        Every word is looked at once: sentences that lie further back than three count for nothing.
        """
        story = self.story
        start = story.sentence_starts[max(story.sentence(position) - NOTICED_SENTENCES, 0)]
        number = max(self.noticed, story.word_at(start))
        end = story.word_at(position)
        self.noticed = max(self.noticed, end)
        self.notice_pairs(number, end)
        while number < end:
            if number in story.units:
                number = story.units[number]
                continue
            if story.words[number][0].isalpha() and is_thing(story, number):
                self.notice(number, start)
            number += 1

    def notice(self, head: int, start: int) -> None:
        """Take note of the phrase whose head is words[head]."""
        story = self.story
        begin = begin_of(story.words, head, max(story.word_at(start), head - 8))
        phrase = read_phrase(story.words, begin, head + 1, story.units)
        place = story.starts[head]
        if phrase is None or phrase.head != head or any(e.start <= place < e.end for e in self.trail.near(place)):
            return
        entity = self.phrase_entity_of(phrase)
        self.trail.add(Event(*story.span_of(phrase.first, phrase.last), entity, "nominal"))

    def notice_pairs(self, number: int, end: int) -> None:
        """Take note of two people joined by *and*."""
        story = self.story
        names = list(story.names_in(number, end))
        for one, two in pairwise(names):
            between = [word for word in story.words[story.units[one[0]] : two[0]] if not is_title(word)]
            if one[1].kind == two[1].kind == "person" and between == ["and"] and one[1] is not two[1]:
                mention = Mention(one[2].start, two[2].end, "", "people")
                entity = self.phrase_entity(joined([one[1].name, two[1].name]), "people", mention)
                self.trail.add(Event(mention.start, mention.end, entity, "nominal"))


def joined(names: Sequence[str]) -> str:
    """Join names as printed: *A and B*, *A, B and C*."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
