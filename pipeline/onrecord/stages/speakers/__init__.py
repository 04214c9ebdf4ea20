"""Resolve each attribution's source to a speaker: the fullest name that the article gives, kind, title, addressee.

In: a Doc with attributions, quotations, entities and sentence starts. Out: one `Speaker` an attribution, in the same
order. Names are looked up among the article's entities, pronouns and descriptions are ranked against what is named
near them, a quotation without a source goes on with the speaker before it. Linear in the article's length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from spacy.language import Language
from spacy.tokens import Doc

from onrecord.annotations import read, text_of, write
from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.quotations import Quotation, find_quotations
from onrecord.stages.speakers.aliases import Aliases
from onrecord.stages.speakers.entities import Alias
from onrecord.stages.speakers.judging import Model, Verdict, load_model
from onrecord.stages.speakers.resolver import Resolver


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


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate for a source: its chance, and how much each feature added to its score. `name` is None for nobody."""

    name: str | None
    kind: str | None
    chance: float
    score: float
    features: dict[str, float]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one speaker was found: the words of the source, the rule that decided, the candidates, best first."""

    source: str | None
    rule: str
    speaker: Speaker
    considered: tuple[Considered, ...]


def resolve_speakers(
    doc: Doc,
    attributions: Sequence[Attribution],
    quotations: Sequence[Quotation] | None = None,
    *,
    model: Model | None = None,
    aliases: Sequence[Alias] = (),
) -> list[Speaker]:
    """Return one speaker an attribution.

    Quotations are looked for if none are given; `model` is by default the one that comes with the package.
    """
    resolver = resolver_of(doc, attributions, quotations, model=model, aliases=aliases)
    return [speaker_of(verdict, attribution) for verdict, attribution in zip(resolver.verdicts, attributions)]


def resolver_of(
    doc: Doc,
    attributions: Sequence[Attribution],
    quotations: Sequence[Quotation] | None = None,
    *,
    model: Model | None = None,
    aliases: Sequence[Alias] = (),
) -> Resolver:
    """Return what has resolved the sources of `doc`; `resolver.name_of(span, number)` resolves further words."""
    if quotations is None:
        quotations = find_quotations(text_of(doc))
    return Resolver(doc, attributions, quotations, model or load_model(None), aliases)


def resolve_name(resolver: Resolver, span: Span, number: int | None = None) -> tuple[str | None, str, str | None]:
    """Return the name, kind and id of whom the words of `span` (characters, end exclusive) mean.

    They may be a name, a part of one, a pronoun, a possessive or a description; the name is None, and the kind
    "thing", for what is no entity. `number` is the attribution that they stand in: *I* inside it is its speaker.
    """
    verdict = resolver.name_of(span, number)
    kind = verdict.entity.kind if verdict.entity is not None else verdict.kind
    return (verdict.name, kind, verdict.id) if verdict.entity is not None else (None, "thing", None)


def explain(resolver: Resolver, number: int) -> Explanation:
    """Return how the speaker of attribution `number` was found."""
    attribution, verdict = resolver.attributions[number], resolver.verdicts[number]
    considered = []
    for candidate in verdict.candidates:
        weights = resolver.model.ranker.weights.get(candidate.task, {})
        features = {name: round(value * weights.get(name, 0.0), 3) for name, value in candidate.values.items()}
        name, kind = (candidate.entity.name, candidate.entity.kind) if candidate.entity else (None, None)
        considered.append(Considered(name, kind, candidate.chance, candidate.score, features))
    source = resolver.story.text[slice(*attribution.source)] if attribution.source else None
    return Explanation(source, verdict.rule, speaker_of(verdict, attribution), tuple(considered))


def speaker_of(verdict: Verdict, attribution: Attribution) -> Speaker:
    """Turn a verdict into what is stored."""
    return Speaker(
        name=verdict.name,
        kind=verdict.kind,
        title=verdict.title,
        id=verdict.id,
        mention=attribution.source,
        resolved=verdict.resolved,
        confidence=verdict.confidence,
        addressee=verdict.addressee,
        addressee_name=verdict.addressee_name,
    )


@Language.factory(
    "onrecord_speakers",
    default_config={"model": None, "aliases": None},
    assigns=["doc._.onrecord"],
    requires=["doc._.onrecord", "doc.ents"],
)
def make_speakers(nlp: Language, name: str, model: str | None, aliases: str | None) -> Speakers:
    """Build the component; `model` is what `onrecord.load` takes, `aliases` a file of the user's names (`aliases`)."""
    return Speakers(model, Aliases(nlp, Path(aliases)) if aliases else None)


class Speakers:
    """Stores the speakers of a Doc in `doc._.onrecord["speakers"]`; needs attributions and entities before it."""

    def __init__(self, model: str | Path | None = None, aliases: Aliases | None = None) -> None:
        self.model = load_model(model)
        self.aliases = aliases

    def __call__(self, doc: Doc) -> Doc:
        resolver = self.resolver(doc)
        write(doc, "speakers", [speaker_of(*pair) for pair in zip(resolver.verdicts, resolver.attributions)])
        RESOLVERS[doc] = resolver
        return doc

    def resolver(self, doc: Doc) -> Resolver:
        """Resolve the sources of a Doc that has attributions."""
        attributions, quotations = read(doc, "attributions", Attribution), read(doc, "quotations", Quotation)
        aliases = self.aliases.find(doc) if self.aliases else ()
        return resolver_of(doc, attributions, quotations, model=self.model, aliases=aliases)


# What resolved a Doc, for as long as the Doc lives: later stages resolve further words with it, `explain` asks it.
RESOLVERS: WeakKeyDictionary[Doc, Resolver] = WeakKeyDictionary()
