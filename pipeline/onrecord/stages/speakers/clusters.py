"""Who the mentions of an article mean: one `Entity` for each person, organisation and place.

In: `Mention`s. Out: a `Registry` of entities, which finds them by full name, surname, given name and initials. Full
names come first, parts of names then go to whom they fit best.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from itertools import pairwise

from onrecord.lexicons import titles
from onrecord.stages.speakers.entities import BODIES, MODIFIERS, Alias, Entity, Mention, Page
from onrecord.stages.speakers.names import (
    core_words,
    fold,
    gender_of,
    initials,
    is_acronym,
    outlets,
    same_person,
    without_article,
    without_possessive,
    word_set,
)

LOCATIVE = word_set("in from near across outside throughout inside around into")
PARTICLES = word_set("de del della di da du van von la le al el bin")


class Registry:
    """The entities of one article, looked up by the words of their names."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        # Words that the article also has in small letters, and those that something is in or comes from.
        self.common = frozenset(word for word in words if word.islower())
        self.located = frozenset(fold(word) for before, word in pairwise(words) if before.lower() in LOCATIVE)
        self.entities: list[Entity] = []
        self.surnames: dict[str, list[Entity]] = {}
        self.given: dict[str, list[Entity]] = {}
        self.names: dict[str, Entity] = {}

    def new(self, mention: Mention) -> Entity:
        """Open an entity for a mention."""
        entity = Entity(mention.name, mention.kind, core_words(mention.name))
        self.entities.append(entity)
        self.index(entity, mention)
        return entity

    def index(self, entity: Entity, mention: Mention) -> None:
        """Add a mention and make its words findable."""
        entity.add(mention)
        self.names.setdefault(key_of(mention.name), entity)
        if entity.kind != "person":
            return
        words = core_words(mention.name)
        tables = [(self.surnames, word) for word in {words[-1], words[-1].split("-")[-1]}]
        if len(words) > 1:
            tables.append((self.given, words[0]))
        for table, word in tables:
            known = table.setdefault(word, [])
            if not any(entity is one for one in known):
                known.append(entity)

    def place(self, mention: Mention) -> Entity:
        """Give one more mention to the entity that it means, a new one if need be; mentions stay in text order."""
        entity = place_person(self, mention) if mention.kind == "person" else place_body(self, mention)
        entity.mentions.sort(key=lambda m: m.start)
        return entity

    def full_person(self, words: Sequence[str]) -> Entity | None:
        """Return the person with given name and surname like `words`."""
        for entity in self.surnames.get(words[-1], ()):
            if len(entity.words) > 1 and same_person(entity.words, words):
                return entity
        return None

    def by_surname(self, word: str, gender: str = "", before: int | None = None) -> Entity | None:
        """Return the person of that surname, of two the likelier: by gender, then the last named in full."""
        known = self.surnames.get(word, ())
        if gender:
            known = [entity for entity in known if entity.sex() in ("", gender)] or known
        if len(known) < 2:
            return known[0] if known else None
        return max(known, key=lambda entity: weight(entity, before))


def weight(entity: Entity, before: int | None) -> tuple[float, int]:
    """Return how likely a bare surname at `before` means `entity`: by full mentions, the last 600 characters' first."""
    near = before is not None and bisect_left(entity.full, before - 600) < bisect_left(entity.full, before)
    return len(entity.full) + 1.5 * near, -entity.full[0] if entity.full else 0


def key_of(name: str) -> str:
    """Return what names are compared by: folded, without article and possessive."""
    return fold(without_article(without_possessive(name)))


def cluster(mentions: Iterable[Mention], page: Page, spoken: Set[str] = frozenset()) -> Registry:
    """Return the entities that `mentions` and further unmarked names in the text mean.

    `spoken` are single words that are sources by themselves: likely surnames.
    """
    registry = Registry(page.words)
    mentions = list(mentions)
    for mention in mentions:
        if mention.alias is not None:
            place_alias(registry, mention, mention.alias)
    found = [mention for mention in mentions if mention.alias is None]
    call_people(found, page.words, spoken)
    call_as_most(found)
    people = [m for m in found if m.kind == "person"]
    for mention in sorted(people, key=lambda m: -min(len(core_words(m.name)), 2)):
        place_person(registry, mention)
    for mention in found:
        if mention.kind != "person":
            place_body(registry, mention)
    link_acronyms(registry)
    add_unmarked(registry, mentions, page)
    for entity in registry.entities:
        entity.mentions.sort(key=lambda mention: mention.start)
    return registry


def place_alias(registry: Registry, mention: Mention, alias: Alias) -> None:
    """Give a mention to the entity of the user's list, which keeps the name that the list gives it."""
    known = registry.names.get(key_of(alias.name))
    if known is None:
        full = Mention(mention.start, mention.end, alias.name, alias.kind)
        known = registry.new(full)
        known.id, known.alias = alias.id, True
        known.mentions.clear()
    registry.index(known, mention)


def call_people(mentions: Sequence[Mention], words: Sequence[str], spoken: Set[str]) -> None:
    """Make people of two-word names that the recogniser took for something else but that the article shortens.

    *Florent Groberg … Groberg said*: bodies keep their article when shortened (*the Post*), and places their name.
    """
    alone: Counter[str] = Counter(dict.fromkeys(spoken, 2))
    for before, word, after in zip(words, words[1:], words[2:]):
        if word[0].isupper() and before.lower() != "the" and not before[0].isupper() and not after[0].isupper():
            alone[word] += 1
    for mention in mentions:
        parts = mention.name.split()
        shortened = len(parts) == 2 and alone[parts[1]] > 1 + (mention.kind == "place") and not alone[parts[0]]
        if mention.kind != "person" and shortened and like_surname(parts) and fold(mention.name) not in outlets():
            mention.kind = "person"


def like_surname(parts: Sequence[str]) -> bool:
    """True if two words could be given name and surname by their letters."""
    plain = all(part.replace("-", "").isalpha() and not part.isupper() for part in parts)
    return plain and parts[1].lower() not in BODIES and parts[0].lower() not in MODIFIERS


def call_as_most(mentions: Sequence[Mention]) -> None:
    """Give the mentions of one single-word name the kind that most of them have: *Armenia* is nobody's surname."""
    counts: dict[str, Counter[str]] = {}
    for mention in mentions:
        if " " not in mention.name:
            counts.setdefault(fold(mention.name), Counter())[mention.kind] += 1 + 2 * bool(mention.title)
    for mention in mentions:
        if " " not in mention.name and not mention.title and not mention.gender:
            (kind, most), *others = counts[fold(mention.name)].most_common()
            if kind != "person" and most > sum(count for _, count in others):
                mention.kind = kind


def place_person(registry: Registry, mention: Mention) -> Entity:
    """Give a person's mention to its entity; full names come before bare ones."""
    words = core_words(mention.name)
    known = registry.full_person(words) if len(words) > 1 else None
    if known is None and len(words) == 2 and not gender_of(words[0]) and words[0] in registry.common:
        known = registry.by_surname(words[-1], mention.gender, mention.start)
    if known is None and len(words) == 1:
        known = registry.by_surname(words[0], mention.gender, mention.start) or given_only(registry, words[0])
    if known is None:
        return registry.new(mention)
    if len(words) > 1 or words[0] == known.words[-1]:
        registry.index(known, mention)
    else:
        known.add(mention)
    return known


def given_only(registry: Registry, word: str) -> Entity | None:
    """Return the one person called by that given name."""
    found = registry.given.get(word, ())
    return found[0] if len(found) == 1 else None


def place_body(registry: Registry, mention: Mention) -> Entity:
    """Give the mention of an organisation, place or work to its entity, or to the person whose surname it is."""
    key = key_of(mention.name)
    if key.split(" ")[0] in PARTICLES:
        key = key.split(" ")[-1]
    place = mention.kind == "place" and key in registry.located
    if " " not in key and key in registry.surnames and not place:
        person = registry.by_surname(key, before=mention.start)
        if person:
            mention.kind = "person"
            person.add(mention)
            return person
    known = registry.names.get(key)
    if known is None or known.kind == "person":
        return registry.new(mention)
    registry.index(known, mention)
    return known


def link_acronyms(registry: Registry) -> None:
    """Merge *CSTO* into *Collective Security Treaty Organization*, and *Post* into *Washington Post*."""
    bodies = [entity for entity in registry.entities if entity.kind in ("organization", "place")]
    by_initials: dict[str, Entity] = {}
    by_last: dict[str, list[Entity]] = {}
    by_first: dict[str, list[Entity]] = {}
    by_start: dict[str, list[Entity]] = {}
    for entity in bodies:
        if " " in entity.name:
            bare = entity.name.removeprefix("U.S. ")
            for letters in (initials(entity.name), initials(bare), "".join(word[0] for word in bare.split()).upper()):
                by_initials.setdefault(letters, entity)
            by_first.setdefault(fold(entity.name.split()[0]), []).append(entity)
            by_last.setdefault(fold(entity.name.split()[-1]), []).append(entity)
            shortened = key_of(entity.name).split(" for ")[0].split(" of ")[0]
            if " " in shortened:
                by_start.setdefault(shortened, []).append(entity)
    for entity in [e for e in registry.entities if e.kind != "person"]:
        if " " in entity.name:
            longer = by_start.get(key_of(entity.name), [])
            if len(longer) == 1 and longer[0] is not entity and entity.kind == "organization":
                merge(registry, entity, longer[0])
            continue
        full = by_initials.get(entity.name.replace(".", "")) if is_acronym(entity.name) else None
        longer = by_last.get(fold(entity.name), [])
        if entity.kind != "place" and len(longer) == 1 and not is_acronym(entity.name) and fold(entity.name) != "house":
            full = full or longer[0]
        media = [other for other in by_first.get(fold(entity.name), ()) if fold(other.name) in outlets()]
        if entity.kind != "place" and len(media) == 1 and fold(entity.name) in outlets():
            full = full or media[0]
        if full is not None and full is not entity:
            merge(registry, entity, full)


def merge(registry: Registry, one: Entity, other: Entity) -> None:
    """Make the mentions and names of `one` those of `other`."""
    if is_acronym(one.name):
        other.acronym = one.name
    other.mentions.extend(one.mentions)
    registry.entities.remove(one)
    registry.names[key_of(one.name)] = other


def add_unmarked(registry: Registry, mentions: Sequence[Mention], page: Page) -> None:
    """Add the surnames that the entity recogniser passed over."""
    words, starts = page.words, page.starts
    taken = sorted((mention.start, mention.end) for mention in mentions)
    begins = [start for start, _ in taken]
    for number, word in enumerate(words):
        if not word[0].isupper() or len(word) < 2:
            continue
        known = registry.surnames.get(fold(word))
        if not known:
            continue
        index = bisect_right(begins, starts[number]) - 1
        if index >= 0 and taken[index][1] > starts[number]:
            continue
        before = words[number - 1] if number else ""
        gender = titles().get(before.lower(), ("", ""))[0]
        person = registry.by_surname(fold(word), gender, starts[number])
        possessive = number + 1 < len(words) and words[number + 1] in ("'s", "’s", "'", "’")
        if person:
            end = starts[number] + len(word)
            person.add(Mention(starts[number], end, word, "person", "", gender, possessive))
