"""The named people, organisations and places of an article: every mention, gathered by whom it means.

In: a Doc with named entities. Out: `Entity`s, each with its fullest name and the spans that mention it. What the
entity recogniser gets wrong in known ways is put right first (titles inside names, *'s*, people taken for firms).
Pronouns and descriptions (*the senator*) are not looked at here.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from spacy.tokens import Doc

from onrecord.lexicons import titles
from onrecord.stages.speakers.names import (
    LINKS,
    SUFFIXES,
    core_words,
    fold,
    gender_of,
    given_names,
    is_acronym,
    is_title,
    outlets,
    tidy,
    without_possessive,
    word_set,
)
from onrecord.stages.speakers.phrases import is_plural, noun_of, verb_forms

Span = tuple[int, int]
KINDS = {
    "PERSON": "person",
    "ORG": "organization",
    "GPE": "place",
    "LOC": "place",
    "FAC": "organization",
    "LAW": "document",
    "PRODUCT": "organization",
}
# Words that no person's name ends in, though it may begin with a given name: *Madison Square Garden*.
BODIES = word_set(
    "action administration agency association bank board bureau camp campaign center centre church club coalition "
    "college commission committee company corp corps council county court department family foundation fund garden "
    "group hall hospital house inc institute journal law league llc magazine media ministry movement news office pac "
    "party post press project report research school senate show society state street team times today tower towers "
    "tribune trust union university watch"
)
# Words for bodies that news capitalises like names, without being any: *the super PAC*.
COMMON_BODIES = word_set("super pac super-pac")
# What *Mr.* or *spokeswoman* counts for, beside a given name or a pronoun, which count for one.
HONORIFIC_VOTES = 3
# How many words before a name may belong to its title: *former Deputy Prime Minister*.
TITLE_WORDS = 7


@dataclass(frozen=True, slots=True)
class Page:
    """A text and its words, each with the character at which it starts."""

    text: str
    words: list[str]
    starts: list[int]


@dataclass(frozen=True, slots=True)
class Alias:
    """Words that the user's own list names: characters `start` to `end` (exclusive), kind, name and id."""

    start: int
    end: int
    kind: str
    name: str
    id: str | None


@dataclass(slots=True)
class Mention:
    """A name as printed: characters `start` to `end` (exclusive), without title and possessive ending.

    `begin` is where its title begins, by default where the name does.
    """

    start: int
    end: int
    name: str
    kind: str
    title: str = ""
    gender: str = ""
    possessive: bool = False
    begin: int = -1
    alias: Alias | None = None

    def __post_init__(self) -> None:
        if self.begin < 0:
            self.begin = self.start


@dataclass(slots=True, eq=False)
class Entity:
    """One person, organisation, place or work. `mentions` are in text order once the article has been read.

    `full` are the starts of those that have several words."""

    name: str
    kind: str
    words: list[str]
    mentions: list[Mention] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    roles: set[str] = field(default_factory=set)
    gender: Counter[str] = field(default_factory=Counter)
    votes: Counter[str] = field(default_factory=Counter)
    acronym: str = ""
    full: list[int] = field(default_factory=list)
    id: str | None = None
    alias: bool = False

    def add(self, mention: Mention) -> None:
        """Take in a mention; the fullest name becomes the entity's."""
        self.mentions.append(mention)
        if " " in mention.name:
            insort(self.full, mention.start)
        if mention.gender:
            self.gender[mention.gender] += 1
        if mention.title and mention.title not in self.titles:
            self.titles.append(mention.title)
            self.roles.update(fold(word) for word in mention.title.replace("-", " ").split())
        if not self.alias and fuller(mention.name, self.name):
            self.name = mention.name
            self.words = core_words(mention.name)

    def sex(self) -> str:
        """Return "m" or "f" if two thirds of the evidence agree: honorifics, the given name, pronouns beside it."""
        if self.kind != "person":
            return ""
        given = gender_of(self.words[0]) if len(self.words) > 1 else ""
        votes = {sex: HONORIFIC_VOTES * (self.gender[sex] > 0) + self.votes[sex] + (given == sex) for sex in ("m", "f")}
        best = max(votes, key=lambda sex: votes[sex])
        return best if 3 * votes[best] > 2 * sum(votes.values()) else ""


def fuller(one: str, two: str) -> bool:
    """True if name `one` says more than `two`: more words, or the longer given name (*Kenneth*, not *Ken*)."""
    return (len(one.split()), len(one)) > (len(two.split()), len(two)) and not (one.isupper() and not two.isupper())


# ---------------------------------------------------------------- mentions


def find_mentions(doc: Doc, page: Page, aliases: Sequence[Alias] = ()) -> Iterator[Mention]:
    """Yield the user's names, then those that the entity recogniser found elsewhere, repaired; each in text order."""
    words = page.words
    listed: set[int] = set()
    seen: set[int] = set()
    for alias in aliases:
        yield Mention(alias.start, alias.end, tidy(page.text[alias.start : alias.end]), alias.kind, alias=alias)
        listed.update(range(alias.start, alias.end))
        seen.update(listed)
    common = {word for word in words if word.islower()}
    for ent in doc.ents:
        kind = KINDS.get(ent.label_)
        if kind is None or not listed.isdisjoint(range(ent.start_char, ent.end_char)):
            continue
        start, end = trim(words, ent.start, ent.end)
        if ent.start_char < headline_end(page):
            end = shorten(words, start, end, common)
        if start >= end:
            continue
        if end - start == 1 and words[start].lower() in common and words[start].endswith("s"):
            continue
        mention = repaired(page, start, end, kind)
        if mention:
            seen.update(range(mention.begin, ent.end_char))
            yield mention
        seen.update(range(ent.start_char, ent.end_char))
    yield from unseen_people(page, seen)


def trim(words: Sequence[str], start: int, end: int) -> Span:
    """Drop white space, articles, punctuation and possessive endings from the edges of words[start:end]."""
    for position in range(start, end):
        if position > start and ("\n" in words[position] or words[position] in (":", ";", "–", "—", "--")):
            end = position
            break
    while start < end and (not words[start][0].isalnum() or words[start].lower() in NO_NAME):
        start += 1
    while end > start and (words[end - 1].lower() in NO_NAME or not any(c.isalnum() for c in words[end - 1])):
        end -= 1
    return start, end


def unseen_people(page: Page, seen: Set[int]) -> Iterator[Mention]:
    """Yield the people that the entity recogniser passed over: a title or known given name before capitals.

    `seen` are the characters that are names already.
    """
    words = page.words
    number = 0
    while number < len(words) - 1:
        first, number = number, number + 1
        word, after = words[first], words[first + 1]
        if not (word[0].isupper() and after[0].isupper() and after[-1].islower()) or page.starts[first + 1] in seen:
            continue
        title = is_title(word)
        start = first + 1 if title else first
        if not title and (fold(word) not in given_names() or page.starts[first] in seen):
            continue
        end = start
        while end < len(words) and words[end][0].isupper() and len(words[end]) > 1 and page.starts[end] not in seen:
            end += 1
        usable = end - start in (1, 2, 3) and ((title and word.endswith(".")) or end - start > 1)
        if usable and not is_title(words[start]) and words[end - 1].lower() not in BODIES | NO_NAME | NO_TITLE:
            mention = mention_at(page, start, end, "person")
            if mention is not None:
                yield mention
            number = end


def headline_end(page: Page) -> int:
    """Return where the first line ends: headlines may capitalise every word."""
    end = page.text.find("\n")
    return end if 0 <= end < 200 else 0


def shorten(words: Sequence[str], start: int, end: int, common: Set[str]) -> int:
    """Return where a name in a headline ends, before a word that the article also has in small letters."""
    for position in range(start + 1, end):
        low = words[position].lower()
        if (low in common and low not in LINKS) or (low in verb_forms() and low.endswith(("s", "ed"))):
            return position
    return end


# Words before a name that a headline or a sentence capitalises.
NO_GIVEN = word_set("stated added asked said says young old why when as while unless republican democrat")
# Words that no name begins or ends with, though headlines capitalise them.
NO_NAME = word_set(
    "the a an 's ’s s and or but without with will would could in on at by from to is was are has had as if when "
    "while why how what who not no can may says said say tells told calls asks wants vows slams blasts rips hits "
    "backs"
)


# How many words a recogniser may have left off from the name of a medium.
LONGER = 2


def repaired(page: Page, start: int, end: int, kind: str) -> Mention | None:
    """Return the name in words[start:end], its title split off; None if nothing of it is a name."""
    words = page.words
    end = programme_end(words, start, end)
    if kind == "person" and impersonal(words[start:end]):
        kind = "organization"
    first = start
    while first < end - 1 and (is_title(words[first]) or (kind == "person" and words[first].lower() in NO_GIVEN)):
        first += 1
    if first == end - 1 and is_title(words[first]) and words[first].lower() in titles():
        return None
    if kind != "person" and (first > start or personal(words[start:end])):
        kind = "person" if words[end - 1].lower() not in BODIES else kind
    if kind != "person":
        first = start
    if not any(word[0].isupper() or word[0].isdigit() for word in words[first:end]):
        return None
    if kind == "organization" and describes(words[first:end], words[first - 1].lower() if first else ""):
        return None
    return mention_at(page, first, end, kind)


def programme_end(words: Sequence[str], start: int, end: int) -> int:
    """Return where the longest known name of a medium that words[start:end] begin ends: *CBS This Morning*."""
    for longer in range(min(end + LONGER, len(words)), end, -1):
        if words[end][0].isupper() and fold(" ".join(words[start:longer])) in outlets():
            return longer
    return end


def describes(words: Sequence[str], before: str) -> bool:
    """True if `words`, though taken for a body's name, say what somebody is: *NFL Legend*, *Federal Judge*, *PAC*.

    Behind *the* (the word `before`, in small letters) they would not be capitalised: *the Philippine Star*.
    """
    if fold(" ".join(words)) in outlets() or any(word.lower() in LINKS for word in words):
        return False
    noun = noun_of(fold(words[-1]))
    human = noun is not None and noun[0] in ("person", "aide") and not is_plural(fold(words[-1]))
    return (human and before != "the") or all(fold(word) in COMMON_BODIES for word in words)


def impersonal(words: Sequence[str]) -> bool:
    """True if `words`, though taken for a person, name a body: an outlet, *Junge SVP*, *G-III*, *Rubio Campaign*."""
    last = words[-1]
    initialism = is_acronym(last) and fold(last) not in SUFFIXES and not all(word.isupper() for word in words)
    return fold(" ".join(words)) in outlets() or last.lower() in BODIES or initialism


def personal(words: Sequence[str]) -> bool:
    """True if `words` look like given name and surname."""
    return (
        2 <= len(words) <= 4
        and fold(words[0]) in given_names()
        and words[0][0].isupper()
        and words[-1][0].isupper()
        and words[-1].lower() not in BODIES
        and not any(word.lower() in LINKS for word in words[1:])
    )


def mention_at(page: Page, start: int, end: int, kind: str) -> Mention | None:
    """Make a mention of words[start:end], with the title in front of it."""
    words = page.words
    begin, last = page.starts[start], page.starts[end - 1] + len(words[end - 1])
    raw = page.text[begin:last]
    name = tidy(without_possessive(raw))
    if not name:
        return None
    title, gender = title_before(page, start) if kind == "person" else ("", "")
    possessive = (end < len(words) and words[end] in ("'s", "’s", "'", "’")) or raw != without_possessive(raw)
    title_start = page.text.rfind(title.split()[0], 0, begin) if title else begin
    return Mention(begin, begin + len(without_possessive(raw)), name, kind, title, gender, possessive, title_start)


def title_before(page: Page, start: int) -> tuple[str, str]:
    """Return the title in front of a name, honorifics left out, and the gender that title words tell."""
    words = page.words
    first, found, gender = start, start, ""
    while first > 0 and start - first < TITLE_WORDS and belongs_to_title(words, first - 1, start):
        first -= 1
        if is_title(words[first]):
            found = first
            gender = gender or titles().get(words[first].lower(), ("",))[0]
    if found == start:
        return "", ""
    while first < found and not (words[first][0].isupper() or words[first] in MODIFIERS):
        first += 1
    while first < start and titles().get(words[first].lower(), ("", ""))[1] == "honorific":
        first += 1
    text = page.text[page.starts[first] : page.starts[start]].strip() if first < start else ""
    return " ".join(text.split()), gender


MODIFIERS = word_set(
    "former acting vice deputy senior chief lead longtime presidential campaign press foreign prime interim then "
    "presumptive republican democratic national vice-presidential gubernatorial senatorial conservative liberal "
    "political assistant executive managing associate undersecretary retired late incoming outgoing state city world "
    "film radio tv star co- fellow real estate"
)


def belongs_to_title(words: Sequence[str], number: int, name: int) -> bool:
    """True if words[number] can be part of the title before the name at words[name]."""
    word = words[number]
    low = word.lower()
    if low in ("of", "'s", "’s", "-"):
        # *Secretary of State Hillary Clinton*, but *friends of Mr. Clinton*.
        return (
            number + 1 < name
            and number > 0
            and (low != "of" or is_title(words[number - 1]))
            and (low != "of" or words[number + 1].lower() not in titles())
        )
    return is_title(word) or low in MODIFIERS or (word[0].isupper() and low not in NO_TITLE and word[-1].isalnum())


NO_TITLE = word_set(
    "the a an and but or in on at by as when while after before if that this it he she they his her we i you said "
    "says monday tuesday wednesday thursday friday saturday sunday january february march april june july august "
    "september october november december according what why how is was with from to"
)
