"""Who each source of an article is: the decisions, one attribution after the other in text order.

In: a Doc, its attributions and quotations. Out: a `Verdict` an attribution. Later decisions see the earlier ones: a
pronoun that was resolved counts as a mention, and the last speaker is the likeliest *he*.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from spacy.tokens import Doc

from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.quotations import Quotation
from onrecord.stages.speakers.addressees import choose, options
from onrecord.stages.speakers.entities import Alias, Entity, Mention, headline_end
from onrecord.stages.speakers.judging import Model, Verdict
from onrecord.stages.speakers.names import LINKS, fold, word_set
from onrecord.stages.speakers.notebook import Notebook, joined
from onrecord.stages.speakers.phrases import DETERMINERS, POSSESSIVES, Phrase, begin_of, noun_of
from onrecord.stages.speakers.ranking import OUTLETS, Event, Query, described, holds_role
from onrecord.stages.speakers.sources import (
    FORMS,
    Reading,
    clean,
    read_source,
    register_source,
    relative_head,
    whole,
)
from onrecord.stages.speakers.story import Story
from onrecord.stages.speakers.turns import labelled, signature, speaker_of_turn, turn_label

GENDERS = {"he": "m", "his": "m", "him": "m", "himself": "m", "she": "f", "her": "f", "hers": "f", "herself": "f"}
# Pronouns that are followed through narration, and the chance from which they count.
FOLLOWED = frozenset(("He", "She", "he", "she"))
SURE = 0.6
INDEFINITE = word_set("a an one some another any each every no")
# What stands for who utters it (GUIDELINES: a signed letter or tweet has its signer as speaker).
UTTERANCES = word_set("tweet comment remark word message argument mind voice thinking")
# Paragraphs below the headline that may name whom it only describes.
INTRODUCTION = 5
# Paragraphs between the turns of two who speak with each other: *(Crosstalk.)* may stand between them.
EXCHANGE = 3
INTRODUCED = {"person": "person", "aide": "person", "organization": "organization"}
# Who is told something in an interview.
HOSTS = word_set("host anchor interviewer moderator presenter")
# Words behind an outlet among which its host is named.
BESIDE_OUTLET = 3
SPEAKS = {"place": "organization", "people": "person"}


class Resolver(Notebook):
    """Resolves the sources of one article; `verdicts` are in the order of the attributions."""

    def __init__(
        self,
        doc: Doc,
        attributions: Sequence[Attribution],
        quotations: Sequence[Quotation],
        model: Model,
        aliases: Sequence[Alias] = (),
    ) -> None:
        self.attributions = attributions
        story = Story(doc, attributions, quotations, aliases)
        for attribution in attributions:
            if attribution.source:
                register_source(story, attribution.source)
        super().__init__(story, model)
        self.sources = {attribution.source[0] for attribution in attributions if attribution.source}
        self.followed = 0
        self.open: set[int] = set()
        # *Peskov insisted … and promised …*: one source of two attributions is one speaker.
        self.by_source: dict[Span, Verdict] = {}
        self.contents = sorted((*span, n) for n, attribution in enumerate(attributions) for span in attribution.content)
        turns = sorted({anchor(attribution) for attribution in attributions if self.is_turn(attribution)})
        # The turns of a transcript, by where they begin, with the one before and the one after.
        self.turns = {turn: (*turns[max(n - 1, 0) : n], *turns[n + 1 : n + 2]) for n, turn in enumerate(turns)}
        self.found: dict[int, Verdict] = {}
        for number in sorted(range(len(attributions)), key=lambda number: anchor(attributions[number])):
            self.follow_pronouns(anchor(attributions[number]))
            self.settle(number)
        self.verdicts = [self.found[number] for number in range(len(attributions))]

    def settle(self, number: int) -> Verdict:
        """Decide one attribution, unless it has been decided, and keep what that tells about others."""
        if number not in self.found:
            attribution = self.attributions[number]
            verdict = self.by_source.get(attribution.source or (-1, -1)) or self.decide(attribution)
            self.by_source.setdefault(attribution.source or (-1, number), verdict)
            confidence = self.model.confidence(verdict)
            self.found[number] = self.with_addressee(attribution, replace(verdict, confidence=confidence))
            self.remember(attribution, verdict)
        return self.found[number]

    def follow_pronouns(self, position: int) -> None:
        """Resolve *he* and *she* in narration up to `position`: whom the text goes on about is named less often."""
        story = self.story
        end = story.word_at(position)
        for number in range(self.followed, end):
            if story.words[number] not in FOLLOWED or story.starts[number] in self.sources:
                continue
            if not story.quotation(story.starts[number]):
                span = story.span_of(number, number + 1)
                word = story.words[number].lower()
                query = Query(*span, "personal", word, gender=GENDERS[word], source=False)
                ranked = self.model.ranker.rank(story, self.trail, query)
                if ranked and ranked[0].entity is not None and ranked[0].chance > SURE:
                    self.trail.add(Event(*span, ranked[0].entity, "pronoun"))
        self.followed = max(self.followed, end)

    # ------------------------------------------------------------ one attribution

    def decide(self, attribution: Attribution) -> Verdict:
        """Say who speaks in `attribution`."""
        if attribution.source is None:
            return self.carried(attribution) if attribution.cue is None else Verdict()
        if label := turn_label(self.story, attribution.source):
            return self.labelled(label)
        source = whole(self.story, attribution.source, attribution)
        return self.resolve(read_source(self.story, source), source, attribution.content)

    def labelled(self, label: str) -> Verdict:
        """Return the verdict for *Q* and *A* in an interview: who asks is the article's author."""
        answers = labelled(self.story, label) if label == "A" else None
        if answers is not None:
            return self.of(answers, "nominal", "label of a turn")
        return Verdict(kind="author" if label == "Q" else "unknown", rule="label of a turn")

    def resolve(self, reading: Reading, span: Span, own: tuple[Span, ...]) -> Verdict:
        """Say whom the words of a span mean."""
        if reading.form == "name":
            return self.named(*reading.members[0])
        if reading.form == "names":
            return self.several(reading)
        if reading.form == "mixed" and reading.phrase is not None:
            return self.mixed(reading, reading.phrase)
        if reading.form in ("personal", "plural", "thing"):
            return self.pronoun(reading, span, own)
        if reading.form == "relative":
            return self.relative(reading, span, own)
        if reading.form == "first":
            return self.first_person(reading, span)
        if reading.phrase is not None:
            return self.description(reading.phrase, span, own)
        return Verdict(name=clean(self.story.text[span[0] : span[1]]) or None, kind="group", resolved="nominal")

    def remember(self, attribution: Attribution, verdict: Verdict) -> None:
        """Keep who spoke for the decisions to come."""
        if verdict.entity is None:
            return
        place = anchor(attribution)
        self.trail.speakers.append((place, verdict.entity))
        if attribution.source and verdict.resolved in ("pronoun", "nominal"):
            form = "pronoun" if verdict.resolved == "pronoun" else "nominal"
            start, end = attribution.source
            self.trail.add(Event(start, end, verdict.entity, form))
            word = self.story.text[start:end].lower()
            self.trail.pronouns[word] = verdict.entity

    def carried(self, attribution: Attribution) -> Verdict:
        """Return the verdict for a quotation without source and cue: the speaker whose quotation it goes on with.

        That is who is quoted in the same paragraph; or, where the quotation opens its paragraph, who is quoted at the
        end of the paragraph before. Anybody else's guess would be worse than none.
        """
        start = attribution.content[0][0]
        paragraph = self.story.paragraph(start)
        opens = start - self.story.paragraph_starts[paragraph] < 3
        for number in self.quoted_around(start):
            other = self.attributions[number]
            away = paragraph - self.story.paragraph(other.content[-1][0])
            if away == 0 or (away == 1 and opens and number in self.found):
                verdict = self.settle(number)
                if verdict.entity is not None:
                    return replace(verdict, resolved="carried", rule="carried", candidates=())
        return Verdict(rule="not carried")

    def quoted_around(self, position: int) -> list[int]:
        """Return the attributions with a source that are quoted near a character: before it, then after."""
        index = bisect_right(self.contents, (position, 0, 0))
        before, after = reversed(self.contents[max(index - 3, 0) : index]), self.contents[index : index + 3]
        return [n for start, _, n in (*before, *after) if self.attributions[n].source and self.story.quotation(start)]

    def name_of(self, span: Span, number: int | None = None) -> Verdict:
        """Return whom any words mean, as (`name`, `kind`, `id`) of a verdict; `name` is None for what is no entity.

        `number` is the attribution that the words stand in, whose speaker is *I* inside its quotations.
        """
        reading = read_source(self.story, span)
        if reading.form == "first" and number is not None:
            return self.verdicts[number]
        if reading.form in ("personal", "plural", "thing") and number is not None:
            return self.pronoun(reading, span, ())
        if reading.form in ("name", "names"):
            return self.resolve(reading, span, ())
        if reading.form == "nominal" and reading.phrase is not None and self.task_of(reading.phrase):
            verdict = self.description(reading.phrase, span, ())
            return verdict if verdict.rule.startswith("ranked") or verdict.resolved == "name" else Verdict()
        return Verdict()

    # ------------------------------------------------------------ names

    def named(self, entity: Entity, mention: Mention) -> Verdict:
        """Return the verdict for a name."""
        title = mention.title or (entity.titles[0] if entity.titles else None)
        owner = self.owner(entity, mention)
        if owner:
            name = f"{owner}{self.story.text[mention.start - 3 : mention.start].strip()} {entity.name}"
            return self.of(self.phrase_entity(name, entity.kind, mention), "name", "name with its place")
        whole = len(mention.name.split()) >= len(entity.name.split())
        return self.of(entity, "name", "whole name" if whole else "part of a name", title=title)

    def owner(self, entity: Entity, mention: Mention) -> str:
        """Return the place in front of a body's name that says which it is: *Russia's Foreign Ministry*."""
        number = self.story.word_at(mention.start)
        before = self.story.unit_at.get(number - 2)
        if entity.kind != "organization" or before is None or self.story.words[number - 1] not in ("'s", "’s"):
            return ""
        owner = self.story.mention_at[before][0]
        generic = noun_of(fold(entity.name.split()[-1])) is not None
        return owner.name if owner.kind == "place" and generic else ""

    def several(self, reading: Reading) -> Verdict:
        """Return the verdict for several names: all of them, the kind of the first."""
        names = [entity.name for entity, _ in reading.members]
        entity = self.phrase_entity(joined(names), "people", reading.members[0][1])
        kind = reading.members[0][0].kind
        return Verdict(entity.name, SPEAKS.get(kind, kind), None, None, "name", "several names", entity=entity)

    def mixed(self, reading: Reading, phrase: Phrase) -> Verdict:
        """Return the verdict for a name and others: *Sanders and his supporters*, as printed but for the full name."""
        entity, mention = reading.members[0]
        span = self.story.span_of(phrase.first, phrase.last)
        text = " ".join(self.story.text[mention.end : span[1]].split())
        name = f"{mention.name} {text}"
        together = self.phrase_entity(name, "people", mention)
        return Verdict(
            name, SPEAKS.get(entity.kind, entity.kind), resolved="name", rule="several names", entity=together
        )

    def of(self, entity: Entity, resolved: str, rule: str, title: str | None = None) -> Verdict:
        """Return the verdict that `entity` speaks."""
        if title is None and entity.kind == "person" and entity.titles:
            title = entity.titles[0]
        if entity.alias and resolved == "name":
            resolved = "alias"
        kind = SPEAKS.get(entity.kind, entity.kind)
        return Verdict(entity.name, kind, title, entity.id, resolved, rule, entity=entity)

    # ------------------------------------------------------------ pronouns

    def pronoun(self, reading: Reading, span: Span, own: tuple[Span, ...]) -> Verdict:
        """Return the verdict for *he*, *they*, *it*: the best candidate."""
        if reading.form in ("plural", "thing"):
            self.notice_phrases(span[0])
        query = Query(*span, reading.form, reading.word, own=own, gender=GENDERS.get(reading.word, ""))
        return self.best(query, self.story.text[span[0] : span[1]])

    def best(self, query: Query, printed: str) -> Verdict:
        """Return the verdict for the likeliest candidate."""
        ranked = self.model.ranker.rank(self.story, self.trail, query)
        if not ranked or ranked[0].entity is None:
            kind = "group" if query.task == "plural" else "anonymous"
            return Verdict(printed, kind, resolved="none", rule="no candidate", candidates=tuple(ranked))
        verdict = self.of(ranked[0].entity, "pronoun", f"ranked {query.task}")
        return replace(verdict, candidates=tuple(ranked), chance=ranked[0].chance)

    def relative(self, reading: Reading, span: Span, own: tuple[Span, ...]) -> Verdict:
        """Return the verdict for *who* and *which*: the noun phrase in front."""
        story = self.story
        word = story.word_at(span[0])
        floor = story.word_at(story.sentence_starts[story.sentence(span[0])])
        head = relative_head(story, word, max(floor, word - 12), reading.word in ("who", "whom", "whose"))
        begin = begin_of(story.words, head, floor)
        if begin > floor + 1 and story.words[begin - 1] == "," and head not in story.unit_at:
            # *Tim Canova, a political novice who …*
            named = story.unit_at.get(begin - 2)
            if named is not None and story.words[begin].lower() in DETERMINERS:
                return replace(self.named(*story.mention_at[named]), resolved="pronoun", rule="name before apposition")
        if head in story.unit_at:
            begin = story.unit_at[head]
        text_span = story.span_of(begin, head + 1)
        inner = read_source(story, text_span)
        if inner.form in ("relative", "first", "second", "personal"):
            return Verdict(story.text[span[0] : span[1]], "group", resolved="none", rule="no antecedent")
        verdict = self.resolve(inner, text_span, own)
        return replace(verdict, resolved="pronoun", rule="noun before a relative")

    def first_person(self, reading: Reading, span: Span) -> Verdict:
        """Return the verdict for *I* and *we*: the speaker of the words around it, else the author."""
        printed = self.story.text[span[0] : span[1]]
        around = self.speaker_around(span[0])
        singular = reading.word in ("i", "me", "my", "mine", "myself")
        if around is not None and around.entity is not None and (singular or around.kind != "person"):
            return replace(around, resolved="pronoun", rule="speaker of the quotation", candidates=())
        quoted = self.story.quotation(span[0]) is not None
        turn = None if quoted else speaker_of_turn(self.story, span[0])
        if turn is not None and singular:
            return self.of(turn, "pronoun", "speaker of the turn")
        signer = None if quoted or turn else signature(self.story, span[0])
        if signer is not None:
            return replace(self.of(signer, "pronoun", "signature"), kind="author")
        kind = "group" if quoted or turn else "author"
        return Verdict(printed, kind, resolved="none", rule="author")

    def speaker_around(self, position: int) -> Verdict | None:
        """Return the verdict on the attribution whose content holds `position`, unless its source does as well."""
        index = bisect_right(self.contents, (position, len(self.story.text), 0)) - 1
        for start, end, number in reversed(self.contents[max(index - 3, 0) : index + 1]):
            source = self.attributions[number].source
            inside = start <= position < end and source is not None and source[0] != position
            if inside and (number in self.found or number not in self.open):
                self.open.add(number)
                return self.settle(number)
        return None

    # ------------------------------------------------------------ addressees

    def with_addressee(self, attribution: Attribution, verdict: Verdict) -> Verdict:
        """Add whom the speaker tells."""
        chosen = choose(self.model.addressees, options(self.story, attribution))
        if chosen is None or chosen[0].span is None:
            return self.with_partner(attribution, verdict)
        told = self.told(chosen[0].span, verdict)
        if told.name is None:
            return verdict
        if told.entity is not None:
            self.trail.told += [*self.hosts(chosen[0].span, told.entity), told.entity]
        return replace(verdict, addressee=chosen[0].span, addressee_name=told.name)

    def told(self, span: Span, speaker: Verdict) -> Verdict:
        """Return whom the words of an addressee mean: anybody but the speaker, *me* and *us* as printed."""
        printed = self.story.text[slice(*span)]
        if printed.lower() in ("me", "us"):
            return Verdict(printed)
        reading = read_source(self.story, span)
        if known := self.told_before(reading, speaker):
            return self.of(known, "nominal", "told before")
        verdict = self.resolve(reading, span, ())
        if verdict.entity is None or verdict.entity is not speaker.entity:
            return verdict
        others = [c.entity for c in verdict.candidates if c.entity is not None and c.entity is not speaker.entity]
        if reading.form == "nominal" and reading.phrase is not None:
            return self.as_printed(reading.phrase)
        return self.of(others[0], "pronoun", verdict.rule) if others else Verdict()

    def hosts(self, span: Span, outlet: Entity) -> Iterator[Entity]:
        """Yield who is named right behind an outlet: *an interview with CNN’s State of the Union with Jake Tapper*."""
        if outlet.kind == "organization":
            end = self.story.words_of(span)[1]
            yield from (e for _, e, _ in self.story.names_in(end, end + BESIDE_OUTLET) if e.kind == "person")

    def told_before(self, reading: Reading, speaker: Verdict) -> Entity | None:
        """Return whom *the newspaper*, *the host* means: the outlet or the person who was told something last."""
        if reading.form != "nominal" or reading.phrase is None or reading.phrase.determiner != "the":
            return None
        kind = "organization" if reading.phrase.noun in OUTLETS else "person" if reading.phrase.noun in HOSTS else ""
        fitting = (e for e in reversed(self.trail.told) if e.kind == kind and e is not speaker.entity)
        return next(fitting, None)

    def with_partner(self, attribution: Attribution, verdict: Verdict) -> Verdict:
        """Add the one whose turn was before, or else is next, in a transcript."""
        here = self.story.paragraph(anchor(attribution))
        for other in self.turns.get(anchor(attribution), ()):
            entity, mention = self.story.mention_at.get(self.story.word_at(other), (None, None))
            near = abs(self.story.paragraph(other) - here) <= EXCHANGE
            if near and entity is not None and mention is not None and entity is not verdict.entity:
                return replace(verdict, addressee=(mention.start, mention.end), addressee_name=entity.name)
        return verdict

    def is_turn(self, attribution: Attribution) -> bool:
        """True if a name in capitals and a colon open a paragraph and stand for *said*."""
        source, cue, text = attribution.source, attribution.cue, self.story.text
        if source is None or cue is None or text[slice(*cue)].strip() != ":" or not text[slice(*source)].isupper():
            return False
        return source[0] - self.story.paragraph_starts[self.story.paragraph(source[0])] < 3

    # ------------------------------------------------------------ descriptions

    def description(self, phrase: Phrase, span: Span, own: tuple[Span, ...]) -> Verdict:
        """Return the verdict for *the senator*, *voters*, *a report*: somebody named, or the words as printed."""
        story = self.story
        printed = clean(story.text[slice(*story.span_of(phrase.first, phrase.last))])
        known = story.registry.names.get(fold(printed))
        if known is not None and known.kind != "person":
            return self.of(known, "name", "name")
        if (spoken := self.utterance(phrase, own)) or (spoken := self.owned(phrase, own)):
            return spoken
        task = self.task_of(phrase)
        if task == "body":
            self.notice_phrases(span[0])
        if task:
            ranked = self.model.ranker.rank(story, self.trail, Query(*span, task, "", phrase, own))
            if task == "nominal" and (owner := self.owner_of(phrase, own)):
                ranked = [candidate for candidate in ranked if candidate.entity is not owner.entity]
            if ranked and ranked[0].entity is not None:
                verdict = self.of(ranked[0].entity, "nominal", f"ranked {task}")
                return replace(verdict, candidates=tuple(ranked), chance=ranked[0].chance)
        introduced = self.introduced(phrase, span)
        return self.of(introduced, "nominal", "introduced below") if introduced else self.as_printed(phrase)

    def introduced(self, phrase: Phrase, span: Span) -> Entity | None:
        """Return whom the first paragraphs name as what a headline calls somebody: *Retired General Reveals …*."""
        story, end, noun = self.story, headline_end(self.story.page), noun_of(phrase.noun)
        kind = INTRODUCED.get(noun[0]) if noun and not phrase.plural else None
        if span[0] >= end or kind is None or phrase.determiner in INDEFINITE:
            return None
        for event in self.trail.events:
            entity = event.entity
            if story.paragraph(event.start) > INTRODUCTION:
                break
            new = entity.kind == kind and entity.mentions[0].start >= end and not event.possessive
            if new and self.fits(phrase, entity):
                return entity
        return None

    def fits(self, phrase: Phrase, entity: Entity) -> bool:
        """True if a person has the office, or a body's name shares a word with its description."""
        if entity.kind == "person":
            return holds_role(entity, phrase.noun) or described(self.story, entity, phrase.noun)
        words = {fold(word) for word in self.story.words[phrase.first : phrase.last]}
        return not (words - LINKS).isdisjoint(map(fold, entity.words))

    def owner_of(self, phrase: Phrase, own: tuple[Span, ...]) -> Verdict | None:
        """Return who *his* or *Trump’s* is in front of a noun: whoever *his daughter* is, it is not he."""
        form = FORMS.get(phrase.determiner, "")
        if phrase.determiner in POSSESSIVES and form in ("personal", "plural", "thing"):
            place = self.story.span_of(phrase.first, phrase.first + 1)
            owner = self.pronoun(Reading(form, phrase.determiner), place, own)
            return owner if owner.entity else None
        names = [name for name in self.story.names_in(phrase.first, phrase.head) if name[2].possessive]
        if len(names) != 1 or names[0][2].begin > self.story.starts[phrase.first]:
            return None
        return self.named(*names[0][1:])

    def utterance(self, phrase: Phrase, own: tuple[Span, ...]) -> Verdict | None:
        """Return the verdict for somebody's words: *Trump’s tweet*, *her message* is Trump, is she."""
        owner = self.owner_of(phrase, own) if phrase.noun in UTTERANCES else None
        return replace(owner, resolved="nominal", rule="words by their owner") if owner else None

    def owned(self, phrase: Phrase, own: tuple[Span, ...]) -> Verdict | None:
        """Return the verdict for a body by its owner: *his campaign* is *Trump campaign* if the article says so."""
        noun = noun_of(phrase.noun)
        if phrase.determiner not in POSSESSIVES or noun is None or noun[0] != "organization":
            return None
        owner = self.owner_of(phrase, own)
        if owner is None or owner.entity is None or owner.entity.kind != "person":
            return None
        rest = " ".join(self.story.words[phrase.first + 1 : phrase.last])
        names = (owner.entity.name, owner.entity.words[-1])
        for key in (f"{name}{link} {phrase.noun}".casefold() for name in names for link in ("", "'s", "’s", "'", "’")):
            known = self.phrases.get(key) or self.story.registry.names.get(key)
            if known is not None:
                return replace(self.of(known, "nominal", "body by its owner"), candidates=owner.candidates)
        mention = Mention(*self.story.span_of(phrase.first, phrase.last), f"{owner.entity.name}’s {rest}", noun[0])
        entity = self.phrase_entity(mention.name, noun[0], mention)
        return replace(self.of(entity, "nominal", "body by its owner"), candidates=owner.candidates)

    def task_of(self, phrase: Phrase) -> str:
        """Return the ranker's task for a description that may mean somebody named, "" for one that does not."""
        noun = noun_of(phrase.noun)
        if noun is None or phrase.plural or phrase.determiner in INDEFINITE:
            return ""
        # Headlines speak of *NFL Legend* before the text says who that is.
        if not phrase.determiner and self.story.words[phrase.head][0].isupper():
            return ""
        if noun[0] in ("person", "aide"):
            return "nominal"
        named = any(True for _ in self.story.names_in(phrase.first, phrase.last))
        return "body" if noun[0] == "organization" and phrase.determiner and not named else ""

    def as_printed(self, phrase: Phrase) -> Verdict:
        """Return the verdict for a description that names nobody."""
        entity = self.phrase_entity_of(phrase)
        if not any(map(str.isalnum, entity.name)):
            return Verdict(rule="no words")
        return self.of(entity, "nominal", f"description of {entity.kind}")


def anchor(attribution: Attribution) -> int:
    """Return where an attribution's source stands, for want of one its cue or content."""
    return (attribution.source or attribution.cue or attribution.content[0])[0]
