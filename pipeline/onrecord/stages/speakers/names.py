"""What names are made of: titles, given names, surnames, initials, acronyms.

In: words as printed. Out: names without titles, possessives and articles, and whether two names may be one person's.
This looks at words only; which names an article holds is for `onrecord.stages.speakers.entities`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from onrecord.lexicons import table, titles


def word_set(words: str) -> frozenset[str]:
    """Return the set of the words in a string."""
    return frozenset(words.split())


POSSESSIVE = re.compile(r"(?:['’`]s?|(?<=s)['’`])$", re.IGNORECASE)
# A full stop at the end that belongs to the name: *U.S.*, *Martin Jr.*, *G-III Inc.*
ABBREVIATED = re.compile(r"(?:\.\w|\b(?:jr|sr|inc|co|corp|ltd|bros|dept|st|\w))\.$", re.IGNORECASE)
ARTICLES = frozenset(("the", "a", "an"))
SUFFIXES = word_set("jr sr ii iii iv esq phd md")
# Small words inside names: *Chamber of Commerce*, *Johnson & Johnson*.
LINKS = word_set("of for the and & on in to at de la del")


@lru_cache(maxsize=1)
def given_names() -> Mapping[str, str]:
    """Return given name -> gender, "m" or "f"."""
    return MappingProxyType({row["name"]: row["gender"] for row in table("given_names.tsv")})


@lru_cache(maxsize=1)
def outlets() -> frozenset[str]:
    """Return the folded names of well-known media and bodies, which entity recognisers take for people."""
    return frozenset(name for name, kind in outlet_kinds().items() if kind != "surname")


@lru_cache(maxsize=1)
def outlet_kinds() -> Mapping[str, str]:
    """Return folded name -> kind: media, platform, body, or surname, of media whose name is one as well."""
    return {fold(row["name"]): row["kind"] for row in table("outlets.tsv")}


@lru_cache(maxsize=1)
def nicknames() -> frozenset[tuple[str, str]]:
    """Return pairs of a nickname and the name that it stands for."""
    return frozenset((row["nickname"], row["name"]) for row in table("nicknames.tsv"))


@lru_cache(maxsize=1 << 14)
def fold(word: str) -> str:
    """Return `word` without case, accents and full stops: *J.* and *j*, *Peña* and *pena* are one."""
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return word.casefold().replace(".", "").replace("’", "'")


def is_title(word: str) -> bool:
    """True for *Mr.*, *Senator*, *spokesman*; parts of a compound count by their last: *vice-president*."""
    low = word.lower()
    return low in titles() or ("-" in low and low.rsplit("-", 1)[1] in titles())


def without_possessive(name: str) -> str:
    """Return `name` without a possessive ending, quotation marks and commas at its ends."""
    bare = name.strip(' \t\r\n\u00a0,;:“”"()[]-–—')
    if bare.endswith(".") and not ABBREVIATED.search(bare):
        bare = bare.rstrip(".")
    return POSSESSIVE.sub("", bare.strip()).rstrip(" ,")


def without_article(name: str) -> str:
    """Return `name` without *the*, *a* or *an* before it."""
    first, _, rest = name.partition(" ")
    return rest if rest and first.lower() in ARTICLES else name


def tidy(name: str) -> str:
    """Return a name on one line with single spaces, and *DONALD TRUMP* in small letters."""
    words = name.split()
    if len(words) > 1 and name.isupper() and all(len(word) > 1 for word in words):
        words = [word.title() for word in words]
    return " ".join(words)


def core_words(name: str) -> list[str]:
    """Return the folded words of a person's name without suffixes and honorifics."""
    words = [fold(word.strip(',()"“”')) for word in name.split()]
    kept = [word for word in words if word and word not in SUFFIXES]
    return kept or words


def gender_of(given: str) -> str:
    """Return "m", "f" or "" for a given name; half of a double name may decide: *Jean-Luc*."""
    word = fold(given)
    return given_names().get(word) or given_names().get(word.split("-")[0], "")


def same_given(one: str, two: str) -> bool:
    """True if two folded given names may be one person's: equal, an initial, a nickname, or one begins the other."""
    if one == two or (one, two) in nicknames() or (two, one) in nicknames():
        return True
    short, long = sorted((one, two), key=len)
    return (len(short) == 1 and long.startswith(short)) or (len(short) >= 3 and long.startswith(short))


def same_person(one: Sequence[str], two: Sequence[str]) -> bool:
    """True if two names of folded words, each with given name and surname, may be one person's.

    Middle names may be missing; given names must agree, and surnames up to a part of a double one.
    """
    if one[-1] != two[-1] and not same_surname(one[-1], two[-1]):
        return False
    return same_given(one[0], two[0])


def same_surname(one: str, two: str) -> bool:
    """True if one surname is a part of the other's hyphenated form."""
    return "-" in one + two and bool({one, *one.split("-")[1:]} & {two, *two.split("-")[1:]})


def initials(name: str) -> str:
    """Return the initials of a name of several words, small words left out: *CSTO*; "" for one word."""
    words = [word for word in re.split(r"[\s\-]+", name) if word and word.lower() not in LINKS]
    return "".join(word[0] for word in words).upper() if len(words) > 1 else ""


def is_acronym(word: str) -> bool:
    """True for *RNC*, *U.N.*, *N.R.A.*"""
    plain = word.replace(".", "")
    return 2 <= len(plain) <= 7 and plain.isalnum() and plain.isupper() and not plain.isdigit()
