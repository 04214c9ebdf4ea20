"""An article as the speakers stage reads it: its words, sentences, paragraphs, quotations, and who is in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from spacy.tokens import Doc

from onrecord.entities import Entity, Mention, Registry, cluster, find_mentions, mention_at
from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.quotations import Quotation, paragraphs


class Story:
    """Positions are characters of the text; `words` are numbered as the Doc's tokens."""

    def __init__(self, doc: Doc, attributions: Sequence[Attribution], quotations: Sequence[Quotation]) -> None:
        self.doc = doc
        self.text = doc.text
        self.words = [token.text for token in doc]
        self.starts = [token.idx for token in doc]
        self.paragraph_starts = [start for start, _ in paragraphs(self.text)] or [0]
        self.sentence_starts = self.find_sentences(doc)
        self.quotations = [quotation for quotation in quotations if quotation.depth == 0]
        self.quotation_starts = [quotation.start for quotation in self.quotations]
        self.attributions = attributions
        self.registry: Registry = cluster(find_mentions(doc, self.words), self.words, self.starts)
        self.units: dict[int, int] = {}
        self.mention_at: dict[int, tuple[Entity, Mention]] = {}
        # Words that name peoples and parties: *Republicans*, *Armenian*.
        self.peoples = {number for ent in doc.ents if ent.label_ == "NORP" for number in range(ent.start, ent.end)}
        self.register()

    def find_sentences(self, doc: Doc) -> list[int]:
        """Return the characters at which sentences begin; every paragraph begins one."""
        starts = set(self.paragraph_starts)
        if doc.has_annotation("SENT_START"):
            starts.update(token.idx for token in doc if token.is_sent_start and not token.is_space)
        return sorted(starts)

    def register(self) -> None:
        """Index the mentions by position."""
        for entity in self.registry.entities:
            for mention in entity.mentions:
                first = self.word_at(mention.start)
                self.units[first] = self.word_at(mention.end - 1) + 1
                self.mention_at[first] = (entity, mention)

    def add_name(self, first: int, last: int, kind: str) -> None:
        """Take words[first:last] as a name that was passed over."""
        mention = mention_at(self.doc, self.words, first, last, kind)
        if mention is None:
            return
        entity = self.registry.place(mention)
        self.units[first] = last
        self.mention_at[first] = (entity, mention)

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
