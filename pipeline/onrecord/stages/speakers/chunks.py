"""Noun phrases in running text, without a parser: where each begins and ends.

In: a `Story` and a range of words. Out: `Chunk`s in text order, which do not overlap but for owners: *CNN* and *Jake
Tapper* in *CNN's Jake Tapper* are two. Function words and the nouns of the lexicon stand in for a tagger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onrecord.stages.speakers.names import fold, is_title, word_set
from onrecord.stages.speakers.phrases import ADJECTIVES, DETERMINERS, FUNCTION, noun_of, verb_forms
from onrecord.stages.speakers.story import Story

PRONOUNS = word_set("i me we us you he him she her they them")
# Words at which a phrase ends though they could be adjectives or names: *reporters Monday*.
TIMES = word_set(
    "monday tuesday wednesday thursday friday saturday sunday today yesterday tomorrow tonight last this next earlier "
    "whether later recently directly again rhetorically repeatedly"
)
POSSESSIVE = frozenset(("'s", "’s", "'", "’"))
QUOTES = frozenset(('"', "“", "‘", "'", "``", "''"))
GATHERINGS = word_set(
    "audience audiences crowd crowds gathering meeting briefing rally forum convention conference luncheon "
    "congregation summit hall group groups throng assembly breakfast dinner class fundraiser panel"
)
# Of these *of* tells who they are: *a group of voters* is never told as *a group*.
PARTS = GATHERINGS | word_set("member members number handful couple majority dozens hundreds thousands one some most")
# Longest phrase, in words.
LONGEST = 10


@dataclass(frozen=True, slots=True)
class Chunk:
    """Words `first` to `last` (exclusive); `head` is the word that says what it is.

    `begin` is where its owners begin, if it has any (*CNN's* Jake Tapper); `owner`: it is one itself. `within` is the
    head of the phrase that it modifies (*interview* in *a Bloomberg interview*), else -1.
    """

    first: int
    last: int
    head: int
    begin: int
    owner: bool = False
    within: int = -1


def chunks(story: Story, first: int, last: int, source: int = -1) -> Iterator[Chunk]:
    """Yield the noun phrases in words[first:last], each also with *of* or *and* behind it: *a group of voters*.

    None goes on into the source, which begins at words[source]: *In an interview with the Post Trump said …*
    """
    if first < source < last:
        yield from chunks(story, first, source)
        first = source
    number = first
    owners = -1
    while number < last:
        begin = owners if owners >= 0 else number
        chunk = chunk_at(story, number, last, begin)
        if chunk is None:
            owners = owners if owners >= 0 and story.words[number] in QUOTES else -1
            number += 1
            continue
        whole = with_more(story, chunk, last)
        if whole is None or story.words[chunk.head].lower() not in PARTS:
            yield chunk
        for inner in range(chunk.first, chunk.head):
            if inner in story.units and story.units[inner] <= chunk.head:
                yield Chunk(inner, story.units[inner], story.units[inner] - 1, begin, within=chunk.head)
        owners = begin if chunk.owner else -1
        number = chunk.last + chunk.owner
        if whole is not None:
            yield whole


def with_more(story: Story, chunk: Chunk, last: int) -> Chunk | None:
    """Return `chunk` with *of* or *and* and the phrase behind it, if there is one."""
    number = chunk.last + 1
    if chunk.owner or number >= last or story.words[chunk.last].lower() not in ("of", "and"):
        return None
    inner = chunk_at(story, number, last, number)
    return inner and Chunk(chunk.first, inner.last, chunk.head, chunk.begin, inner.owner)


def chunk_at(story: Story, first: int, last: int, begin: int) -> Chunk | None:
    """Return the phrase that begins at words[first]."""
    word = story.words[first]
    low = word.lower()
    if low in PRONOUNS and not (low == "her" and first + 1 < last and goes_on(story, first + 1, False)):
        return Chunk(first, first + 1, first, begin)
    determined = low in DETERMINERS and low != "that"
    if not determined and (low in FUNCTION or not (first in story.units or goes_on(story, first, False))):
        return None
    head = -1
    known = False
    position = first + determined
    while position < min(last, first + LONGEST):
        if position in story.units:
            position = min(story.units[position], last)
            head, known = position - 1, True
        elif position > first and is_joint(story, position):
            position += 1
        elif goes_on(story, position, known):
            head, known = position, known or is_head(story, position)
            position += 1
        else:
            break
    if head < 0 or not (known or determined or word[0].isupper()):
        return None
    return Chunk(first, position, head, begin, position < last and story.words[position] in POSSESSIVE)


def goes_on(story: Story, number: int, known: bool) -> bool:
    """True if words[number] can belong to a phrase; after a known head only a further noun or name can."""
    word = story.words[number]
    low = word.lower()
    if not word[0].isalnum() or low in FUNCTION or low in TIMES:
        return False
    if number in story.unit_at or is_head(story, number) or word[0].isupper() or is_title(word):
        return True
    if low in GATHERINGS:
        return True
    if known:
        named = story.words[number - 1][0].isupper() and low.isalpha()
        return named and low not in verb_forms() and not low.endswith(("ing", "ed", "ly"))
    return low in ADJECTIVES or low not in verb_forms()


def is_joint(story: Story, number: int) -> bool:
    """True if words[number] is a hyphen within a word: *a 30-minute interview*."""
    if story.words[number] != "-" or number + 1 >= len(story.words):
        return False
    start, end = story.span_of(number - 1, number + 2)
    return story.text[start:end] == "".join(story.words[number - 1 : number + 2])


def is_head(story: Story, number: int) -> bool:
    """True if words[number] is a name or a known noun for people, bodies or documents."""
    return number in story.unit_at or number in story.peoples or noun_of(fold(story.words[number])) is not None
