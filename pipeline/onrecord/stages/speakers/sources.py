"""What sort of words a source is: a name, several names, a pronoun, a description.

In: a `Story` and the span of a source (or target, or addressee). Out: a `Reading`. Whom a pronoun or a description
means is for `onrecord.stages.speakers.ranking`.
"""

from __future__ import annotations

from dataclasses import dataclass

from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.speakers.chunks import LONGEST, chunks
from onrecord.stages.speakers.entities import BODIES, Entity, Mention, describes, headline_end
from onrecord.stages.speakers.names import (
    ARTICLES,
    LINKS,
    fold,
    is_acronym,
    is_title,
    outlets,
    without_article,
    without_possessive,
    word_set,
)
from onrecord.stages.speakers.phrases import (
    ADJECTIVES,
    DETERMINERS,
    FUNCTION,
    OPENERS,
    POSSESSIVES,
    Phrase,
    is_plural,
    noun_of,
    read_phrase,
)
from onrecord.stages.speakers.story import Story

PERSONAL = word_set("he she him her his hers himself herself self")
PLURAL = word_set("they them their theirs themselves both")
THING = frozenset(["it", "its", "itself"])
FIRST = word_set("i me my mine myself we us our ours ourselves")
SECOND = frozenset(["you", "your", "yours"])
RUN_ON = word_set("said says told tells wrote writes added adds asked asks argued claimed warned insisted")
# Pronouns that no noun follows: *he said* is *he*.
SUBJECTS = word_set("he she they i we who")
HUMAN = word_set("those one all some many several few")
QUANTITIES = word_set("nothing nobody less more")
RELATIVE = word_set("who whom whose which that whic")
FORMS = {
    **dict.fromkeys(PERSONAL, "personal"),
    **dict.fromkeys(PLURAL, "plural"),
    **dict.fromkeys(THING, "thing"),
    **dict.fromkeys(FIRST, "first"),
    **dict.fromkeys(SECOND, "second"),
    **dict.fromkeys(RELATIVE, "relative"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """`form` is none, personal, plural, thing, first, second, relative, name, names, mixed (with others), nominal.

    `word` is a pronoun in lower case; `members` are the people or bodies that a name form names.
    """

    form: str
    word: str = ""
    phrase: Phrase | None = None
    members: tuple[tuple[Entity, Mention], ...] = ()


def whole(story: Story, source: Span, attribution: Attribution) -> Span:
    """Return a source that stops at a determiner with the noun behind it: *Her* (daughter likes), *the* (mayor).

    Where an article is all there is, the noun may be the cue's: *a* (statement announcing).
    """
    first, last = story.words_of(source)
    determiner = story.words[last - 1].lower()
    if determiner not in POSSESSIVES | ARTICLES:
        return source
    after = [span[0] for span in (*attribution.content, attribution.cue) if span and span[0] >= source[1]]
    end = story.word_at(min(after)) if after else last
    if end == last == first + 1 and determiner in ARTICLES:
        end = last + LONGEST
    chunk = next(chunks(story, last - 1, min(end, last + LONGEST, len(story.words))), None)
    if chunk is None or chunk.first != last - 1 or chunk.last == last or chunk.owner:
        return source
    known = noun_of(fold(story.words[chunk.head])) is not None
    return (source[0], story.span_of(first, chunk.last)[1]) if known or determiner in ARTICLES else source


def read_source(story: Story, span: Span) -> Reading:
    """Say what the words of `span` are."""
    first, last = story.words_of(span)
    while last > first + 1 and not (any(map(str.isalnum, story.words[last - 1])) or story.words[last - 1] == "%"):
        last -= 1
    while first < last - 1 and (story.words[first].lower() in OPENERS or story.words[first].isspace()):
        if story.words[first].lower() == "that":
            break
        first += 1
    # A source that runs a word too far: *Trump said*.
    while last - first > 1 and last - 2 in story.unit_at and story.words[last - 1] in RUN_ON:
        last -= 1
    # One that stops short of its noun: *Pashinyan’s recent* (announcement).
    while last - first > 2 and story.words[last - 1] in ADJECTIVES and owned(story, first, last - 1):
        last -= 1
    # *Both of whom*, *many of them*: whoever they are.
    end = story.words[last - 1]
    if last - first == 3 and story.words[first + 1] == "of" and FORMS.get(end) in ("relative", "plural"):
        return Reading(FORMS[end], end)
    low = story.words[first].lower()
    if low in FORMS and (last - first == 1 or (low in SUBJECTS and "and" not in story.words[first:last])):
        return Reading(FORMS[low], low)
    phrase = read_phrase(story.words, first, last, story.units)
    if phrase is None:
        return Reading("nominal" if first < last else "none")
    members = names_at_head(story, phrase, last)
    form = "nominal" if not members else "name" if len(members) == 1 else "names"
    if form == "name" and and_others(story, members[0][1], phrase.last):
        form = "mixed"
    return Reading(form, "", phrase, members)


def names_at_head(story: Story, phrase: Phrase, last: int) -> tuple[tuple[Entity, Mention], ...]:
    """Return the names that the phrase names: its head, further ones joined by *and*, or those in apposition."""
    names = without_titles(list(story.names_in(phrase.first, last)))
    head = story.starts[phrase.head]
    at_head = [number for number, (_, _, mention) in enumerate(names) if mention.begin <= head < mention.end]
    if at_head:
        return tuple((entity, mention) for _, entity, mention in joined(story, names[at_head[0] :], last))
    noun = noun_of(phrase.noun)
    after = [name for name in names if name[0] >= phrase.last]
    if after and only_titles(story, phrase.last, after[0][0]):
        wanted = "person" if noun is None or noun[0] in ("person", "aide") else noun[0]
        if after[0][1].kind == wanted or wanted == "group" or (wanted == "person" and phrase.plural):
            group = joined(story, after, last)
            if not phrase.plural:
                return (after[0][1:],)
            return tuple((entity, mention) for _, entity, mention in group) if len(group) > 1 else ()
    later = [name for name in names if name[0] > phrase.head]
    if later and not phrase.plural and noun is not None and noun[0] in ("person", "aide"):
        return at_end(story, later[-1], phrase.head, last)
    return ()


def at_end(story: Story, name: tuple[int, Entity, Mention], head: int, last: int) -> tuple[tuple[Entity, Mention], ...]:
    """Return the person whose name ends a description, behind a comma: *a supporter in Ohio, city clerk Ann Poe*."""
    number, entity, mention = name
    begin = number
    while begin > head + 1 and story.words[begin - 1] not in (",", "-", "–", "—", "--"):
        begin -= 1
    behind = any(word[0].isalnum() for word in story.words[story.units[number] : last])
    clause = not FUNCTION.isdisjoint(word.lower() for word in story.words[begin:number])
    if entity.kind != "person" or begin == head + 1 or behind or clause:
        return ()
    return ((entity, mention),)


def owned(story: Story, first: int, last: int) -> bool:
    """True if nothing but known adjectives stands between a possessive and words[last]."""
    if noun_of(story.words[last]) is not None:  # *Clinton’s campaign*, where *campaign* is the noun
        return False
    position = last
    while position > first and story.words[position - 1] in ADJECTIVES:
        position -= 1
    return position > first and story.words[position - 1] in ("'s", "’s")


def without_titles(names: list[tuple[int, Entity, Mention]]) -> list[tuple[int, Entity, Mention]]:
    """Return `names` without those inside another's title: *RNC* in *RNC Chairman Reince Priebus*."""
    return [
        name
        for name in names
        if not any(other.begin <= name[2].start < other.start for _, _, other in names if other is not name[2])
    ]


def and_others(story: Story, mention: Mention, last: int) -> bool:
    """True if *and his supporters*, *and other leaders*, *and allies* or *and others* follows a name."""
    after = [word.lower() for word in story.words[story.word_at(mention.end - 1) + 1 : last]]
    if after[:1] != ["and"] or len(after) < 2:
        return False
    return (
        after[1] in DETERMINERS or after[1] in ("other", "others") or (is_plural(after[1]) and bool(noun_of(after[1])))
    )


def joined(story: Story, names: list[tuple[int, Entity, Mention]], last: int) -> list[tuple[int, Entity, Mention]]:
    """Return the first of `names` and those that follow it in a list that ends in *and*."""
    found = [names[0]]
    has_and = False
    for name in names[1:]:
        if name[1].kind == "place" and names[0][1].kind == "person" and story.words[name[0] - 1] != "and":
            continue
        between = without_asides(story.words[story.units[found[-1][0]] : name[0]])
        links = [word for word in between if word.lower() in ("and", ",", "&")]
        rest = [word for word in between if word.lower() not in ("and", ",", "&", "both", "the")]
        following = story.words[min(story.units[name[0]], len(story.words) - 1)]
        if following.islower() and noun_of(following):  # *Trump and the Obama administration*
            break
        if not links or any(not (is_title(word) or word[0].isupper() or word == "former") for word in rest):
            break
        has_and = has_and or "and" in links or "&" in links
        found.append(name)
    # *Clinton, Sanders answer*: headlines save the *and*.
    pair = len(found) == 2 and found[0][1].kind == found[1][1].kind == "person"
    headline = story.starts[found[0][0]] < headline_end(story.page) and story.units[found[-1][0]] == last
    return found if has_and or (pair and headline) else found[:1]


def without_asides(between: list[str]) -> list[str]:
    """Return the words between two names without *(Ky.)*, *of Texas* and an apposition between commas."""
    if "(" in between and ")" in between:
        between = between[: between.index("(")] + between[between.index(")") + 1 :]
    if between[:1] == ["of"] and "and" in between:
        between = between[between.index("and") :]
    if between[:1] == [","] and "and" in between:
        stop = len(between) - 1 - between[::-1].index("and")
        if between[stop - 1] == "," and between[1].lower() in ("a", "an", "the", "his", "her", "who"):
            between = between[stop:]
    return between


def only_titles(story: Story, first: int, last: int) -> bool:
    """True if only commas, dashes and titles stand in words[first:last], with a comma or dash in front."""
    between = story.words[first:last]
    if not between or between[0] not in (",", "-", "–", "—", ":", "("):
        return False
    return all(is_title(word) or not word[0].isalnum() or word[0].isupper() for word in between)


def register_source(story: Story, span: Span) -> None:
    """Make a name of the head of a source if it is capitalised and the entity recogniser passed it over."""
    first, last = story.words_of(span)
    set_kind_by_apposition(story, first, last)
    first += story.words[first].lower() in ARTICLES and last - first > 1
    if (end := end_of_body(story, first, last)) is not None:
        story.add_name(first, end, "organization")
    phrase = read_phrase(story.words, first, last, story.units)
    if phrase is None or story.words[phrase.first].lower() in FORMS:
        return
    head, words = phrase.head, story.words
    # *The Washington Post Trump said*, which the recogniser took for one name, is known as one by its end.
    known = head in story.unit_at and not (story.unit_at[head] < phrase.first and surname_of(story, head))
    if known or not words[head][0].isupper():
        return
    low = words[head].lower()
    if head == phrase.first and story.only_first(head) and (phrase.plural or low in QUANTITIES):
        return
    if head == phrase.first and (low in story.registry.common or low in DETERMINERS or low in FUNCTION):
        return
    if head in story.peoples or (noun_of(phrase.noun) and (phrase.determiner or head == phrase.first or phrase.plural)):
        return
    begin = head
    while begin > phrase.first and words[begin - 1][0].isupper() and not is_title(words[begin - 1]):
        if words[begin - 1].lower() in ("the", "a", "an") or begin - 1 in story.peoples:
            break
        begin -= 1
    if not describes(words[begin : head + 1], phrase.determiner):
        story.add_name(begin, head + 1, kind_of_unknown(words[begin : head + 1], phrase))


def set_kind_by_apposition(story: Story, first: int, last: int) -> None:
    """Let what is said of a name behind a comma tell its kind: *Steven Law, a former aide to …* is a person."""
    names = [name for name in story.names_in(first, last) if name[2].begin <= story.starts[first]]
    if not names or not 1 < len(names[0][1].words) < 5:
        return
    number, entity, mention = names[0]
    comma = story.units[number]
    if comma + 1 >= last or story.words[comma] != "," or story.words[comma + 1].lower() in FUNCTION:
        return
    if {entity.kind, mention.kind} - {"person", "organization"}:
        return
    phrase = read_phrase(story.words, comma + 1, last, story.units)
    noun = noun_of(phrase.noun) if phrase and not phrase.plural else None
    if noun is not None and phrase is not None and phrase.head not in story.unit_at:
        kind = "person" if noun[0] in ("person", "aide") else noun[0]
        entity.kind = kind if kind in ("person", "organization") else entity.kind


def surname_of(story: Story, number: int) -> bool:
    """True if words[number] is the surname of somebody whom the article names."""
    return fold(story.words[number]) in story.registry.surnames


def end_of_body(story: Story, first: int, last: int) -> int | None:
    """Return where the name of a body with *and* in it ends: *the Central and East European Coalition*."""
    end = first
    while end < last and (story.words[end][0].isupper() or story.words[end].lower() in LINKS):
        end += 1
    words = story.words[first:end]
    if "and" not in words[1:-2] or words[-1].lower() not in BODIES:
        return None
    names = list(story.names_in(first, end))
    return end if all(entity.kind == "place" for number, entity, _ in names if story.units[number] < end) else None


def kind_of_unknown(words: list[str], phrase: Phrase) -> str:
    """Guess whether capitalised words name a person or an organisation."""
    body = (
        fold(" ".join(words)) in outlets()
        or words[-1].lower() in BODIES
        or noun_of(phrase.noun)
        or phrase.determiner in ("the", "a", "an")
    )
    one_acronym = len(words) == 1 and is_acronym(words[0])
    return "organization" if body or one_acronym or len(words) > 3 else "person"


def clean(text: str) -> str:
    """Return a phrase as a name: on one line, without article, edge punctuation and possessive ending."""
    return " ".join(without_article(without_possessive(" ".join(text.split()))).split())


def relative_head(story: Story, word: int, floor: int, personal: bool) -> int:
    """Return the head of the phrase that the relative at words[word] belongs to, the nearest that fits."""
    nearest = None
    for number in range(word - 1, floor - 1, -1):
        if number in story.unit_at:
            entity, _ = story.mention_at[story.unit_at[number]]
            if (entity.kind == "person") == personal:
                return number
        elif story.words[number][0].isalpha():
            noun = noun_of(fold(story.words[number]))
            human = number in story.peoples or (noun is not None and noun[0] in ("person", "aide", "group"))
            if (personal and (human or story.words[number].lower() in HUMAN)) or (
                noun is not None and human == personal
            ):
                return number
        if nearest is None and story.words[number][0].isalnum():
            nearest = number
    return word - 1 if nearest is None else nearest


def is_thing(story: Story, number: int) -> bool:
    """True if words[number] can be the head of a group, body or document, and nothing carries on from it."""
    word = fold(story.words[number])
    noun = noun_of(word)
    following = story.words[number + 1] if number + 1 < len(story.words) else ""
    if following in ("'s", "’s", "-") or noun_of(fold(following)):
        return False
    if number in story.peoples and is_plural(word):
        return True
    return noun is not None and (is_plural(word) or noun[0] not in ("person", "aide"))
