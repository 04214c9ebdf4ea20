"""Noun phrases without a parser: what the head of a source is, where the phrase ends, what sort of speaker it is.

In: the words of an article. Out: `Phrase`s. Lists of function words and of nouns for speakers (`lexicons/nouns.tsv`)
stand in for a tagger; whom a phrase means is for `onrecord.stages.speakers.ranking`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from onrecord.lexicons import forms, table
from onrecord.stages.speakers.names import ARTICLES, fold, word_set

DEFINITE = word_set("the this that these those")
POSSESSIVES = word_set("my your his her its our their whose")
LISTING = frozenset(("and", "or", ","))
QUANTIFIERS = word_set(
    "a an some many most several few all both no any each every another other more one two three four five six seven "
    "eight nine ten dozens hundreds thousands millions only fewer half numerous various countless such least"
)
DETERMINERS = DEFINITE | POSSESSIVES | QUANTIFIERS
# Words at which the head of a noun phrase is complete.
PREPOSITIONS = word_set(
    "of for in from at with on to by against about among between inside within across near like under behind after "
    "before during including around outside without than over as into who whom whose which that where when because if "
    "while familiar close loyal opposed aligned affiliated"
)
# What opens a part that the name of a phrase leaves out: *a poll released on Monday*.
CUTS = word_set(
    "who whom whose which where released published compiled led conducted obtained unearthed issued commissioned "
    "posted placed reported credited protesting taken provided surveyed leaving running seen covering handling "
    "tallied started leaked filed aired uploaded sent written signed unveiled himself herself itself themselves — – "
    "--"
)
OPENERS = word_set("by from even while whether that because and but according to when as if among")
FUNCTION = word_set(
    "and or but nor so yet not is are was were be been being am has have had do does did will would can could may "
    "might must shall should he she it they we i you him them us me there here then now also just still never ever "
    "too very as if than because while although though when where why how what who whom which"
) | (PREPOSITIONS - {"over"})
ADJECTIVES = word_set(
    "senior former top local federal political young black white old older younger republican democratic conservative "
    "liberal independent angry undecided likely registered leading prominent wealthy rich poor ordinary military "
    "legal religious foreign national international state city U.S. american russian british chinese european "
    "catholic muslim christian jewish hispanic latino female male gay campaign party law intelligence police security "
    "health business community government congressional presidential white-house union industry tech human rights "
    "civil gop new recent public private opposition establishment longtime veteran anonymous unnamed other fellow own "
    "key major big moderate progressive western eastern northern southern african asian indian french german iranian "
    "israeli mexican armenian azerbaijani ukrainian turkish cuban regional medical scientific academic"
)
TIMES = word_set(
    "day week month year monday tuesday wednesday thursday friday saturday sunday january february march april june "
    "july august september october november december morning evening night spring summer fall winter"
)
TIME_OPENERS = word_set("this last next in on earlier late since") | TIMES
TIME_WORDS = TIMES - word_set("day week month year march fall") | word_set("today yesterday recently just also still")
INVARIANT = MappingProxyType(
    {"men": "man", "women": "woman", "children": "child", "wives": "wife", "media": "media", "data": "data"}
)
BARE_PLURALS = word_set("people police media data folks authorities youth personnel troops staff men women")


@lru_cache(maxsize=1)
def nouns() -> Mapping[str, tuple[str, str]]:
    """Return noun -> (kind, gender): kind is person, aide, group, organization or document."""
    return MappingProxyType({row["noun"]: (row["kind"], row["gender"]) for row in table("nouns.tsv")})


@lru_cache(maxsize=1 << 14)
def singular(word: str) -> str:
    """Return the singular of a folded noun, as far as the lexicon knows it; else a guess by its ending."""
    if word in INVARIANT:
        return INVARIANT[word]
    if word in nouns() or word.endswith("ss") or not word.endswith("s") or len(word) < 4:
        return word[:-3] + "man" if word.endswith("men") and word[:-3] + "man" in nouns() else word
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending) and word[: -len(ending)] + instead in nouns():
            return word[: -len(ending)] + instead
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


@lru_cache(maxsize=1 << 14)
def is_plural(word: str) -> bool:
    """True if a folded noun looks plural."""
    return (
        word in INVARIANT
        or word in BARE_PLURALS
        or (word.endswith("s") and singular(word) != word)
        or (word.endswith("men") and singular(word) != word)
    )


@lru_cache(maxsize=1 << 14)
def noun_of(word: str) -> tuple[str, str] | None:
    """Return (kind, gender) of a folded noun in the lexicon, singular or plural; compounds by their last part."""
    for form in (word, singular(word), word.rsplit("-", 1)[-1], singular(word.rsplit("-", 1)[-1])):
        if form in nouns():
            return nouns()[form]
    return None


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase: words `first` to `last` (exclusive) are its name, words[head] is its head.

    `determiner` is its first word if that is one, in lower case; `noun` the head's singular, folded.
    """

    first: int
    last: int
    head: int
    determiner: str
    noun: str
    plural: bool

    @property
    def definite(self) -> bool:
        return self.determiner in DEFINITE


def read_phrase(words: Sequence[str], first: int, last: int, units: Mapping[int, int]) -> Phrase | None:
    """Return the phrase in words[first:last]; `units` maps the first word of a name to its end.

    Openers such as *by* and what stands after the name of the phrase (relative clauses, *released on Monday*) go.
    """
    while first < last - 1 and (
        words[first].lower() in OPENERS or (not words[first][0].isalnum() and words[first] != "$")
    ):
        first += 1
    last = cut(words, first, last, units)
    if first >= last:
        return None
    head = head_of(words, first, last, units)
    low = words[first].lower()
    noun = fold(words[head])
    # The tokeniser splits *front-runner*.
    if (
        head > first + 1
        and words[head - 1] == "-"
        and (whole := f"{fold(words[head - 2])}-{singular(noun)}") in nouns()
    ):
        return Phrase(first, last, head, low if low in DETERMINERS else "", whole, is_plural(noun))
    return Phrase(first, last, head, low if low in DETERMINERS else "", singular(noun), is_plural(noun))


def cut(words: Sequence[str], first: int, last: int, units: Mapping[int, int]) -> int:
    """Return where the name of the phrase ends."""
    position = first
    while position < last:
        if position in units and units[position] <= last:
            position = units[position]
            continue
        word = words[position].lower()
        if position > first and (word in CUTS or (word in ("(", "-", "[") and not hyphen(words, position))):
            break
        if position > first and word == "that" and words[position - 1].lower() not in ("of", "than", "like"):
            break
        if position > first and word == "," and not is_list(words, position, last, first):
            break
        if word == "\n" or "\n" in word:
            break
        position += 1
    position = before_time(words, first, position)
    while position > first + 1 and not (words[position - 1][-1].isalnum() or words[position - 1][-1] in '%.!)"”'):
        position -= 1
    return position


def before_time(words: Sequence[str], first: int, last: int) -> int:
    """Return where words[first:last] end without a time behind them: *a poll this month*, *a panel in 2001*."""
    for begin in range(max(last - 3, first + 1 + (words[first].lower() in DETERMINERS)), last):
        tail = [word.lower() for word in words[begin:last]]
        single = len(tail) == 1 and tail[0] in TIME_WORDS and not words[begin].isupper()
        if single or (len(tail) > 1 and tail[0] in TIME_OPENERS and is_time(tail[-1])):
            return before_time(words, first, begin)
    return last


def is_time(word: str) -> bool:
    """True for *month*, *Monday*, *March*, *2001*."""
    return word in TIMES or (word.isdigit() and len(word) == 4)


def hyphen(words: Sequence[str], position: int) -> bool:
    """True if the dash at `position` stands inside a word that the tokeniser split: *vice - president*."""
    return words[position] == "-" and not (
        position + 1 < len(words) and words[position + 1].lower() in DETERMINERS | {"including"}
    )


def is_list(words: Sequence[str], comma: int, last: int, first: int) -> bool:
    """True if a comma joins members of a list, which ends in *and*: *artists, writers and actors*."""
    after = [word.lower() for word in words[comma + 1 : last]]
    if not after or after[0] in DETERMINERS | CUTS | PREPOSITIONS or "and" not in after:
        return False
    return not any(word in CUTS or word in FUNCTION - {"and", "or", "of", "for", "in"} for word in after)


def is_noun(words: Sequence[str], number: int, units: Mapping[int, int]) -> bool:
    """True if words[number] can be a head before *and*; false for *national and battleground polls*."""
    word = fold(words[number])
    named = any(units.get(first, 0) > number for first in range(max(number - 5, 0), number + 1))
    return named or noun_of(word) is not None or is_plural(word)


def head_of(words: Sequence[str], first: int, last: int, units: Mapping[int, int]) -> int:
    """Return the position of the head: the last word before a preposition, names taken as one."""
    position = first
    head = first
    while position < last:
        if position in units and units[position] <= last and not (position > first and words[position - 1] == "-"):
            head = units[position] - 1
            position = units[position]
            continue
        low = words[position].lower()
        if position > first and (
            low in PREPOSITIONS or low == "\n" or (low in LISTING and is_noun(words, head, units))
        ):
            break
        if words[position][0].isalnum() or words[position] == "%":
            head = position
        position += 1
    return head


@lru_cache(maxsize=1)
def verb_forms() -> frozenset[str]:
    """Return the inflected forms of the verbs of saying, at which a phrase looked for backwards begins."""
    return frozenset(forms()[1]) | {"told", "said", "says", "saying", "thought", "thinks", "knew", "felt"}


def begin_of(words: Sequence[str], head: int, floor: int) -> int:
    """Return where the phrase whose head is words[head] begins; not before `floor`.

    Back to a determiner if there is one within five words, else over numbers, known adjectives and names.
    """
    position = head
    while position > floor and head - position < 5:
        low = words[position - 1].lower()
        if low in DETERMINERS:
            return begin_of_quantity(words, position - 1, floor)
        if low in ("'s", "’s"):
            position -= 1
            continue
        if low in FUNCTION or (low in verb_forms() and low not in ADJECTIVES) or not words[position - 1][0].isalnum():
            break
        position -= 1
    position = head
    while position > floor and known_modifier(words[position - 1]):
        position -= 1
    if position - 2 >= floor and words[position - 1].lower() == "of" and words[position - 2].lower() in QUANTIFIERS:
        return position - 2
    return position


def known_modifier(word: str) -> bool:
    low = word.lower()
    return low in ADJECTIVES or word in ADJECTIVES or low.isdigit() or (word[0].isupper() and low not in FUNCTION)


def begin_of_quantity(words: Sequence[str], position: int, floor: int) -> int:
    """Take *many of* before *the voters* in."""
    if position - 2 >= floor and words[position - 1].lower() == "of" and words[position - 2].lower() in QUANTIFIERS:
        return position - 2
    return position


__all__ = ["ARTICLES", "Phrase", "begin_of", "noun_of", "nouns", "read_phrase", "singular"]
