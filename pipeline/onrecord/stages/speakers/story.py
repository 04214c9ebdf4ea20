"""An article as the speakers stage reads it: its words, sentences, paragraphs, quotations, and who is in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import cast

from spacy.tokens import Doc

from onrecord.annotations import text_of
from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.quotations import Quotation, paragraphs
from onrecord.stages.speakers.clusters import Registry, cluster
from onrecord.stages.speakers.entities import Alias, Entity, Mention, Page, find_mentions, mention_at
from onrecord.stages.speakers.names import outlets

PRONOUN_GENDER = {"he": "m", "his": "m", "him": "m", "she": "f", "her": "f"}


class Story:
    """Positions are characters of the text; `words` are numbered as the Doc's tokens."""

    def __init__(
        self,
        doc: Doc,
        attributions: Sequence[Attribution],
        quotations: Sequence[Quotation],
        aliases: Sequence[Alias] = (),
    ) -> None:
        self.text = text_of(doc)
        # Whole columns at once: a Token object for each word would take half of this stage's time.
        columns = cast("list[list[int]]", doc.to_array(["IDX", "LENGTH", "SENT_START"]).tolist())
        self.starts = [start for start, _, _ in columns]
        self.words = [self.text[start : start + length] for start, length, _ in columns]
        self.attributions = attributions
        self.page = Page(self.text, self.words, self.starts)
        self.paragraph_starts = [start for start, _ in paragraphs(self.text)] or [0]
        self.paragraph_set = frozenset(self.paragraph_starts)
        # Headline and first paragraph of prose: who is named there is what the article is about.
        self.lead_end = (*self.paragraph_starts, len(self.text), len(self.text), len(self.text))[2]
        self.sentence_starts = self.find_sentences(columns)
        self.sentence_set = frozenset(self.sentence_starts)
        # Words that are capitalised within sentences.
        self.capitals = {
            word for start, word in zip(self.starts, self.words) if word[0].isupper() and start not in self.sentence_set
        }
        self.quotations = [quotation for quotation in quotations if quotation.depth == 0]
        self.quotation_starts = [quotation.start for quotation in self.quotations]
        self.registry: Registry = cluster(find_mentions(doc, self.page, aliases), self.page, self.single_sources())
        self.units: dict[int, int] = {}
        self.mention_at: dict[int, tuple[Entity, Mention]] = {}
        self.unit_at: dict[int, int] = {}
        # Words that name peoples and parties: *Republicans*, *Armenian*.
        self.peoples = {number for ent in doc.ents if ent.label_ == "NORP" for number in range(ent.start, ent.end)}
        self.outlets = outlets()
        self.register()
        self.signatures = list(self.find_signatures())
        self.vote_genders()

    def single_sources(self) -> set[str]:
        """Return the single capitalised words that are sources: surnames, for the most part."""
        texts = (self.text[slice(*a.source)].strip(" ,") for a in self.attributions if a.source)
        return {text for text in texts if text.isalpha() and text[0].isupper()}

    def find_sentences(self, columns: list[list[int]]) -> list[int]:
        """Return the characters at which sentences begin; every paragraph begins one."""
        starts = {start for (start, _, begins), word in zip(columns, self.words) if begins == 1 and not word.isspace()}
        return sorted(starts.union(self.paragraph_starts))

    def register(self) -> None:
        """Index the mentions by position."""
        for entity in self.registry.entities:
            for mention in entity.mentions:
                first = self.word_at(mention.start)
                self.enter(first, self.word_at(mention.end - 1) + 1, entity, mention)

    def find_signatures(self) -> Iterator[tuple[int, Entity]]:
        """Yield (character, person) of paragraphs that are a full name and no more, or end the text with *NAME is*."""
        for number, start in enumerate(self.paragraph_starts):
            first = self.word_at(start)
            if first not in self.mention_at:
                continue
            entity, mention = self.mention_at[first]
            rest = self.text[mention.end : self.paragraph_end(number)].strip(" .,\n\r")
            ends = number + 2 >= len(self.paragraph_starts) and rest.startswith(("is ", "was "))
            if number and entity.kind == "person" and " " in mention.name and (ends or not rest):
                yield start, entity

    def paragraph_end(self, number: int) -> int:
        """Return where a paragraph ends."""
        last = number + 1 >= len(self.paragraph_starts)
        return len(self.text) if last else self.paragraph_starts[number + 1]

    def vote_genders(self) -> None:
        """Count *he* and *she* for the only person named before them in their sentence, outside quotations.

        What an article calls people weighs against what their given names suggest.
        """
        sentence, person, others = -1, None, False
        for number, word in enumerate(self.words):
            gender = PRONOUN_GENDER.get(word.lower())
            if gender is None and number not in self.mention_at:
                continue
            place = self.starts[number]
            if self.sentence(place) != sentence:
                sentence, person, others = self.sentence(place), None, False
            if self.quotation(place):
                continue
            if gender is None:
                entity = self.mention_at[number][0]
                if entity.kind == "person" and entity is not person:
                    person, others = entity, person is not None or others
            elif person is not None and not others:
                person.votes[gender] += 1

    def add_name(self, first: int, last: int, kind: str) -> None:
        """Take words[first:last] as a name that was passed over."""
        mention = mention_at(self.page, first, last, kind)
        if mention is None:
            return
        entity = self.registry.place(mention)
        self.enter(first, last, entity, mention)

    def enter(self, first: int, last: int, entity: Entity, mention: Mention) -> None:
        """Make the mention in words[first:last] findable: `unit_at` maps each of its words to the first."""
        self.units[first] = last
        self.mention_at[first] = (entity, mention)
        self.unit_at.update(dict.fromkeys(range(first, last), first))

    def only_first(self, number: int) -> bool:
        """True if words[number] may be capitalised only because it begins a sentence: *Scholars*, *Nothing*."""
        if self.starts[number] not in self.sentence_set:
            return False
        return self.words[number] not in self.capitals

    def word_at(self, position: int) -> int:
        """Return the number of the word at or before a character."""
        return max(bisect_right(self.starts, position) - 1, 0)

    def words_of(self, span: Span) -> tuple[int, int]:
        """Return the range of words that a span of characters touches."""
        return self.word_at(span[0]), max(bisect_left(self.starts, span[1]), self.word_at(span[0]) + 1)

    def span_of(self, first: int, last: int) -> Span:
        """Return the characters of words[first:last]."""
        return self.starts[first], self.starts[last - 1] + len(self.words[last - 1])

    def sentence(self, position: int) -> int:
        """Return the number of the sentence that holds a character."""
        return max(bisect_right(self.sentence_starts, position) - 1, 0)

    def sentence_end(self, number: int) -> int:
        """Return where a sentence ends."""
        last = number + 1 >= len(self.sentence_starts)
        return len(self.text) if last else self.sentence_starts[number + 1]

    def paragraph(self, position: int) -> int:
        """Return the number of the paragraph that holds a character."""
        return max(bisect_right(self.paragraph_starts, position) - 1, 0)

    def quotation(self, position: int) -> Quotation | None:
        """Return the outermost quotation around a character."""
        index = bisect_right(self.quotation_starts, position) - 1
        if index >= 0 and self.quotations[index].end > position:
            return self.quotations[index]
        return None

    def names_in(self, first: int, last: int) -> Iterator[tuple[int, Entity, Mention]]:
        """Yield (first word, entity, mention) of the names in words[first:last]."""
        for number in range(first, last):
            if number in self.mention_at:
                yield number, *self.mention_at[number]
