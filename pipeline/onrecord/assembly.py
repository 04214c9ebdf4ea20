"""Build the records of an article from what the stages stored in its Doc."""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Sequence
from typing import Any

from spacy.tokens import Doc

from onrecord.annotations import read, text_of
from onrecord.records import (
    SCHEMA,
    Addressee,
    Confidence,
    Content,
    Cue,
    Document,
    OtherTarget,
    Range,
    Record,
    Span,
    Speaker,
    Target,
    record_id,
)
from onrecord.stages import attributions, quotations, speakers, stances


def document_id(text: str) -> str:
    """Return the id of an article that has none: 16 hex digits of its text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def records_of(doc: Doc, document: Document | None = None) -> list[Record]:
    """Return the records of a processed Doc in text order; `document` defaults to one named by the text's hash."""
    text = text_of(doc)
    document = document or Document(id=document_id(text), title=None, url=None, published=None)
    builder = Builder(text, document, read(doc, "quotations", quotations.Quotation), sentence_bounds(doc))
    found = read(doc, "attributions", attributions.Attribution)
    ids = [builder.id_of(attribution) for attribution in found]
    rows = zip(found, read(doc, "speakers", speakers.Speaker), read(doc, "stances", stances.Judgement))
    records: dict[str, Record] = {}
    for own, (attribution, speaker, judgement) in zip(ids, rows):
        within = None if attribution.within is None else ids[attribution.within]
        if own not in records:
            records[own] = builder.record(own, attribution, speaker, judgement, within)
    return list(records.values())


def sentence_bounds(doc: Doc) -> list[tuple[int, int]]:
    """Return the (start, end) characters of each sentence; the whole text where the pipeline sets none."""
    if not doc.has_annotation("SENT_START"):
        return [(0, len(text_of(doc)))]
    return [(sentence.start_char, sentence.end_char) for sentence in doc.sents]


class Builder:
    """Builds the records of one article."""

    def __init__(
        self,
        text: str,
        document: Document,
        quoted: Sequence[quotations.Quotation],
        sentences: Sequence[tuple[int, int]],
    ) -> None:
        self.text = text
        self.document = document
        self.quoted = [quotation for quotation in quoted if quotation.depth == 0]  # none overlaps another
        self.quoted_starts = [quotation.start for quotation in self.quoted]
        self.quoted_ends = [quotation.end for quotation in self.quoted]
        self.sentences = sentences
        self.sentence_starts = [start for start, _ in sentences]

    def id_of(self, attribution: attributions.Attribution) -> str:
        cue = Range(start=attribution.cue[0], end=attribution.cue[1]) if attribution.cue else None
        return record_id(self.document.id, cue, [Range(start=s, end=e) for s, e in attribution.content])

    def record(
        self,
        own: str,
        attribution: attributions.Attribution,
        speaker: speakers.Speaker,
        judgement: stances.Judgement,
        within: str | None,
    ) -> Record:
        """Build one record; `own` and `within` are record ids."""
        content = self.content(attribution)
        return Record(
            schema_=SCHEMA,
            id=own,
            doc=self.document,
            type=self.type_of(content),
            speaker=self.speaker(speaker),
            cue=self.cue(attribution),
            content=content,
            addressee=self.addressee(speaker),
            stance=judgement.stance,
            target=self.target(judgement),
            other_targets=tuple(self.other(*other) for other in judgement.others),
            within=within,
            context=self.context(attribution),
            confidence=Confidence(
                attribution=attribution.score,
                speaker=speaker.confidence,
                stance=judgement.stance_confidence,
                target=judgement.target_confidence,
            ),
        )

    def span(self, bounds: tuple[int, int]) -> Span:
        return Span(start=bounds[0], end=bounds[1], text=self.text[bounds[0] : bounds[1]])

    def content(self, attribution: attributions.Attribution) -> Content:
        spans = tuple(self.span(bounds) for bounds in attribution.content)
        quotes = tuple(self.span(bounds) for start, end in attribution.content for bounds in self.quotes(start, end))
        return Content(text=" ".join(span.text for span in spans), spans=spans, quotes=quotes)

    def quotes(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the quoted parts of text[start:end], marks left out."""
        near = slice(bisect.bisect_right(self.quoted_ends, start), bisect.bisect_left(self.quoted_starts, end))
        parts = [(max(start, q.inner_start), min(end, q.inner_end)) for q in self.quoted[near]]
        return [(one, two) for one, two in parts if one < two and self.text[one:two].strip()]

    def type_of(self, content: Content) -> Any:
        """Return direct, mixed or indirect, by the share of letters and digits that are quoted."""
        total = sum(letters(span.text) for span in content.spans)
        quoted = sum(letters(quote.text) for quote in content.quotes)
        return "indirect" if not content.quotes else "direct" if quoted >= total else "mixed"

    def speaker(self, speaker: speakers.Speaker) -> Speaker:
        return Speaker(
            name=speaker.name,
            kind=speaker.kind,
            title=speaker.title,
            id=speaker.id,
            mention=self.span(speaker.mention) if speaker.mention else None,
            resolved=speaker.resolved,
        )

    def cue(self, attribution: attributions.Attribution) -> Cue | None:
        if attribution.cue is None:
            return None
        start, end = attribution.cue
        return Cue(
            start=start,
            end=end,
            text=self.text[start:end],
            lemma=attribution.lemma,
            act=attribution.act,
            negated=attribution.negated,
        )

    def addressee(self, speaker: speakers.Speaker) -> Addressee | None:
        if speaker.addressee is None:
            return None
        start, end = speaker.addressee
        return Addressee(name=speaker.addressee_name, start=start, end=end, text=self.text[start:end])

    def target(self, judgement: stances.Judgement) -> Target | None:
        if judgement.target is None:
            return None
        start, end = judgement.target
        name, kind = judgement.target_name, judgement.target_kind
        return Target(name=name, kind=kind, start=start, end=end, text=self.text[start:end])

    def other(self, start: int, end: int, stance: str, name: str | None, kind: str) -> OtherTarget:
        return OtherTarget(name=name, kind=kind, start=start, end=end, text=self.text[start:end], stance=stance)

    def context(self, attribution: attributions.Attribution) -> Range:
        """Return the sentences that hold source, cue and content."""
        spans = [*attribution.content, *(span for span in (attribution.source, attribution.cue) if span)]
        start, end = min(span[0] for span in spans), max(span[1] for span in spans)
        first = max(bisect.bisect_right(self.sentence_starts, start) - 1, 0)
        last = max(bisect.bisect_left(self.sentence_starts, end) - 1, first)
        return Range(start=min(start, self.sentences[first][0]), end=max(end, self.sentences[last][1]))


def letters(words: str) -> int:
    """Count letters and digits."""
    return sum(map(str.isalnum, words))
