"""The stages in running order, each a spaCy component of its own, and `onrecord`, which bundles them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from onrecord.annotations import read

# Roles whose spans are put into `doc.spans["onrecord_…"]` for other components to read.
ROLES = ("source", "cue", "content")


@Language.factory(
    "onrecord",
    default_config={"model": None, "aliases": None},
    assigns=["doc._.onrecord", "doc.spans"],
    requires=["doc.ents"],
)
def make_onrecord(nlp: Language, name: str, model: str | None, aliases: str | None) -> OnRecord:
    """Build all stages; `model` is a folder of trained components, by default the one that comes with the package;
    `aliases` is a file of the user's own names, in the form of spaCy's EntityRuler.
    """
    from onrecord.pipeline import STAGES

    return OnRecord([make_stage(nlp, f"onrecord_{stage}", {"model": model, "aliases": aliases}) for stage in STAGES])


def make_stage(nlp: Language, factory: str, options: dict[str, Any]) -> Callable[[Doc], Doc]:
    """Build one stage with those of `options` that its factory knows."""
    known = nlp.get_factory_meta(factory).default_config or {}
    return nlp.create_pipe(factory, config={key: value for key, value in options.items() if key in known})


class OnRecord:
    """Runs the stages one after the other on a Doc that has entities and sentences.

    What they find is plain data in `doc._.onrecord`; source, cue and content spans are in `doc.spans` as well, under
    `onrecord_source` and so on, widened to whole tokens.
    """

    def __init__(self, stages: Sequence[Callable[[Doc], Doc]]) -> None:
        self.stages = stages

    def __call__(self, doc: Doc) -> Doc:
        for stage in self.stages:
            doc = stage(doc)
        set_spans(doc)
        return doc


def set_spans(doc: Doc) -> None:
    """Put the attributions' spans into `doc.spans`; a span's `id` is the number of its attribution."""
    from onrecord.stages.attributions import Attribution

    groups: dict[str, list[Span]] = {role: [] for role in ROLES}
    for number, attribution in enumerate(read(doc, "attributions", Attribution)):
        pieces = {"source": [attribution.source], "cue": [attribution.cue], "content": attribution.content}
        for role, spans in pieces.items():
            for start, end in filter(None, spans):
                span = doc.char_span(start, end, label=role, alignment_mode="expand", span_id=str(number))
                if span is not None:
                    groups[role].append(span)
    for role, found in groups.items():
        doc.spans[f"onrecord_{role}"] = found
