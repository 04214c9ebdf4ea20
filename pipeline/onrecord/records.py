"""The output contract: what one line of `claims.jsonl` says, as frozen pydantic models.

Offsets are Python string offsets (code points, end exclusive) into the article's text exactly as read. Keys, their
order and their types never change without a new `SCHEMA` number.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from onrecord.labels import Act, Resolved, SpeakerKind, Stance, TargetKind, Type

SCHEMA = "onrecord/1"

Offset = Annotated[int, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1), AfterValidator(lambda value: round(value, 4))]


class Part(BaseModel):
    """A piece of the contract: immutable, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


class Range(Part):
    """A stretch of the article; with `context={"text": …}` at validation it must lie within that text."""

    start: Offset
    end: Offset

    @model_validator(mode="after")
    def check_order(self) -> Range:
        if self.start >= self.end:
            raise ValueError(f"start {self.start} is not before end {self.end}")
        return self


class Span(Range):
    """A stretch of the article with its words; `text` is exactly `article[start:end]`."""

    text: str

    @model_validator(mode="after")
    def check_text(self, info: ValidationInfo) -> Span:
        check_words(self.start, self.end, self.text, info)
        return self


def check_words(start: int, end: int, words: str, info: ValidationInfo) -> None:
    """Raise ValueError unless `words` fit the offsets, and the article in the validation's context, if any."""
    if len(words) != end - start:
        raise ValueError(f"{words!r} has {len(words)} characters, not {end - start}")
    article = (info.context or {}).get("text")
    if article is not None and article[start:end] != words:
        raise ValueError(f"text[{start}:{end}] is {article[start:end]!r}, not {words!r}")


class Document(Part):
    """The article that a record is from."""

    id: str
    title: str | None
    url: str | None
    published: str | None


class Speaker(Part):
    """The resolved source."""

    name: str | None
    kind: SpeakerKind
    title: str | None
    id: str | None
    mention: Span | None
    resolved: Resolved


class Cue(Span):
    """The words that signal the attribution."""

    lemma: str
    act: Act
    negated: bool


class Content(Part):
    """What is attributed: its pieces, and the verbatim parts of them without their quotation marks."""

    text: str
    spans: Annotated[tuple[Span, ...], Field(min_length=1)]
    quotes: tuple[Span, ...]

    @model_validator(mode="after")
    def check_pieces(self) -> Content:
        check_ascending(self.spans)
        check_ascending(self.quotes)
        if self.text != " ".join(span.text for span in self.spans):
            raise ValueError("content.text is not its spans joined by one space")
        for quote in self.quotes:
            if not any(span.start <= quote.start and quote.end <= span.end for span in self.spans):
                raise ValueError(f"quote {quote.start}-{quote.end} lies outside of the content")
        return self


def check_ascending(spans: Sequence[Span]) -> None:
    """Raise ValueError unless spans are in text order and do not overlap."""
    for one, two in itertools.pairwise(spans):
        if two.start < one.end:
            raise ValueError(f"span {two.start}-{two.end} begins before {one.start}-{one.end} ends")


class Named(Part):
    """A named stretch of the article; the base of addressee and target, which put their keys in their own order."""

    @model_validator(mode="after")
    def check_span(self, info: ValidationInfo) -> Named:
        start, end, words = (getattr(self, key) for key in ("start", "end", "text"))
        if start >= end:
            raise ValueError(f"start {start} is not before end {end}")
        check_words(start, end, words, info)
        return self


class Addressee(Named):
    """Who is told, asked, urged or answered."""

    name: str | None
    start: Offset
    end: Offset
    text: str


class Target(Named):
    """Whom or what the stance is toward."""

    name: str | None
    kind: TargetKind
    start: Offset
    end: Offset
    text: str


class OtherTarget(Target):
    """A further target, with its own stance."""

    stance: Stance


class Confidence(Part):
    """Probabilities, calibrated on held-out articles; None where a part has no model."""

    attribution: Probability | None
    speaker: Probability | None
    stance: Probability | None
    target: Probability | None


class Record(Part):
    """One attribution: somebody says, writes, thinks, wants or decides something."""

    schema_: Literal["onrecord/1"] = Field(alias="schema")
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    doc: Document
    type: Type
    speaker: Speaker
    cue: Cue | None
    content: Content
    addressee: Addressee | None
    stance: Stance
    target: Target | None
    other_targets: tuple[OtherTarget, ...]
    within: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None
    context: Range
    confidence: Confidence

    @model_validator(mode="after")
    def check_id(self) -> Record:
        expected = record_id(self.doc.id, self.cue, self.content.spans)
        if self.id != expected:
            raise ValueError(f"id {self.id} is not {expected}, which its document, cue and content give")
        if self.within == self.id:
            raise ValueError("a record cannot lie within itself")
        return self

    @model_validator(mode="after")
    def check_type(self) -> Record:
        if self.type != "indirect" and not self.content.quotes:
            raise ValueError(f"type is {self.type}, but nothing is quoted")
        return self

    @model_validator(mode="after")
    def check_context(self) -> Record:
        for span in (*self.content.spans, *([self.cue] if self.cue else [])):
            if span.start < self.context.start or span.end > self.context.end:
                raise ValueError(f"{span.text!r} lies outside of the context")
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready data, keys in the contract's order."""
        return self.model_dump(mode="json", by_alias=True)


def record_id(doc_id: str, cue: Range | None, content: Sequence[Range]) -> str:
    """Return the id of a record: 16 hex digits of SHA-256 over document id, cue span and content spans."""
    key = [doc_id, [cue.start, cue.end] if cue else None, [[span.start, span.end] for span in content]]
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]


def spans_in(record: Record) -> Iterator[Span | Named]:
    """Yield every part of a record that has offsets and words."""
    optional = (record.speaker.mention, record.cue, record.addressee, record.target)
    yield from (part for part in optional if part is not None)
    yield from record.content.spans
    yield from record.content.quotes
    yield from record.other_targets


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a record, as written (`schema`, not `schema_`)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Record.model_json_schema(by_alias=True, mode="serialization"),
    }
