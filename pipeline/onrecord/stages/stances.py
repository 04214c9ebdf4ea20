"""Judge each attribution: whom or what the speaker's stance is toward, and on which side.

In: a Doc with attributions and speakers. Out: one `Judgement` an attribution, in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc

from onrecord.annotations import read, write
from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.speakers import Speaker


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


def judge(doc: Doc, attributions: Sequence[Attribution], speakers: Sequence[Speaker]) -> list[Judgement]:
    """Return one judgement an attribution."""
    return [Judgement("neutral", attribution.content[0], None, "thing", None, None) for attribution in attributions]


@Language.factory("onrecord_stances", assigns=["doc._.onrecord"], requires=["doc._.onrecord"])
def make_stances(nlp: Language, name: str) -> Stances:
    """Build the component."""
    return Stances()


class Stances:
    """Stores the judgements of a Doc in `doc._.onrecord["stances"]`; needs attributions and speakers before it."""

    def __call__(self, doc: Doc) -> Doc:
        attributions, speakers = read(doc, "attributions", Attribution), read(doc, "speakers", Speaker)
        write(doc, "stances", judge(doc, attributions, speakers))
        return doc
