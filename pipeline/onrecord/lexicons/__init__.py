"""The lexicons: above all the one of cues, which words signal an attribution, what act each is, and what stance it has.

In: the data files beside this one (SOURCES.md tells what is in them). Out: `find_cue`, from the lemmas of a cue to its
entry; `lemma_of`, from an inflected form to its lemma, for callers that have no tagger; `titles`; and `table`, which
reads any of the others. This does not find cues in a text, nor tell *call* (telephone) from *call* (name): it looks up
what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from onrecord.errors import OnRecordError
from onrecord.labels import ACTS, STANCES

KINDS = ("verb", "noun", "phrase")
# Words that may stand between two words of a cue: *make (it) clear*, *in the (now famous) words of*.
GAP = 2
# Behind these no verb reading: *said in response to a question*.
DETERMINERS = frozenset(
    ("a", "an", "the", "this", "that", "my", "your", "his", "her", "its", "our", "their", "no", "any")
)
# Whole endings of stems that lost a silent e (*decid-ed*, *announc-ed*), for words that no table has.
SILENT_E = re.compile(
    r"(?:[cuvz]|(?<!n)g|(?:[eu]|[hr]a)ng|(?<![su])s|(?<!foc)us|[bcdfgkptz]l|[^aeiou]am|um|com"
    r"|[^aeou]ir|[^aeo]ur|[^eo]ar|(?:pl|gn|st|sc)or|[^aeo]i[dkln]|[^oa]ud|[^eo]a[dkt]|[^o]od|ced|[jv]ok|uk|yp"
    r"|[cr]ib|prob|[nv]it|ut|[dnmu]ot|(?:pl|omp|el)et|ol|ul)$"
)


@dataclass(frozen=True, slots=True)
class CueEntry:
    """A row of `cues.tsv`. `stance` is what the cue carries when nothing else is known."""

    cue: str
    kind: str
    act: str
    stance: str
    source: str
    note: str


COLUMNS = tuple(field.name for field in fields(CueEntry))


# Reading the tables


def read_cues(lines: Iterable[str]) -> list[CueEntry]:
    """Check and return the rows of a table of cues, header first; an error names its line."""
    entries: list[CueEntry] = []
    for number, line in enumerate(lines, 1):
        cells = tuple(line.rstrip("\r\n").split("\t"))
        if problem := problem_of(cells, number, entries):
            raise OnRecordError(f"lexicons/cues.tsv:{number}: {problem}")
        if number > 1:
            entries.append(CueEntry(*cells))
    return entries


def problem_of(cells: tuple[str, ...], number: int, before: Sequence[CueEntry]) -> str | None:
    """Say what is wrong with the row `number`, or None; row 1 is the header."""
    if number == 1:
        return None if cells == COLUMNS else f"the columns must be {', '.join(COLUMNS)}, not {', '.join(cells)}"
    if len(cells) != len(COLUMNS):
        return f"{len(cells)} cells instead of {len(COLUMNS)}; keep the last tab when the note is empty"
    entry = CueEntry(*cells)
    return cell_problem(entry) or (order_problem(entry, before[-1]) if before else None)


def cell_problem(entry: CueEntry) -> str | None:
    """Say which cell of `entry` has a value that is not allowed, or None."""
    if any(cell != cell.strip() for cell in astuple(entry)):
        return f"'{entry.cue}' has a cell with a space at an end; remove the space"
    if not entry.cue or entry.cue != " ".join(entry.cue.lower().split()):
        return f"cue '{entry.cue}' must be words in lower case with one space between them"
    for name, allowed in (("kind", KINDS), ("act", ACTS), ("stance", STANCES)):
        if (value := getattr(entry, name)) not in allowed:
            return f"{name} '{value}' is not one of {', '.join(allowed)}"
    return None if entry.source else f"'{entry.cue}' has no source; give an id that SOURCES.md explains"


def order_problem(entry: CueEntry, previous: CueEntry) -> str | None:
    """Say that `entry` repeats or should precede the row before it, or None."""
    if (entry.cue, entry.kind) == (previous.cue, previous.kind):
        return f"'{entry.cue}' ({entry.kind}) stands twice; keep one row"
    if (entry.cue, entry.kind) < (previous.cue, previous.kind):
        return f"'{entry.cue}' must stand before '{previous.cue}'; sort by cue, then kind"
    return None


def read_irregular(lines: Iterable[str]) -> dict[str, str]:
    """Return form -> lemma from the rows of a table of irregular forms, header first."""
    rows = [line.split() for line in lines]
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise OnRecordError(f"lexicons/irregular.tsv:{number}: {len(row)} cells instead of 2, a form and its lemma")
    return {row[0]: row[1] for row in rows[1:]}


def lines_of(name: str) -> list[str]:
    """Return the lines of a data file of this package."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines()


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a lexicon, by column."""
    lines = [line.split("\t") for line in lines_of(name)]
    for number, row in enumerate(lines, 1):
        if len(row) != len(lines[0]):
            raise OnRecordError(f"lexicons/{name}:{number}: {len(row)} cells instead of {len(lines[0])}")
    return [dict(zip(lines[0], row)) for row in lines[1:]]


@lru_cache(maxsize=1)
def cues() -> Mapping[tuple[str, str], CueEntry]:
    """Return the lexicon, (cue, kind) -> entry, in the order of the file."""
    return MappingProxyType({(entry.cue, entry.kind): entry for entry in read_cues(lines_of("cues.tsv"))})


@lru_cache(maxsize=1)
def titles() -> Mapping[str, tuple[str, str]]:
    """Return title -> (gender, kind): kind is "honorific" (*Mr.*) or "office" (*Sen.*)."""
    return MappingProxyType({row["title"]: (row["gender"], row["kind"]) for row in table("titles.tsv")})


# From forms to lemmas


@lru_cache(maxsize=10_000)
def lemma_of(word: str, kind: str | None = None) -> str:
    """Return the lower-case lemma of an inflected `word`; a word that is no known inflection comes back as it is.

    Irregular forms go first, then those of the lexicon's words, then rules for endings. British spellings turn American
    where the lexicon has them so. `kind` picks a reading: without it *warning* is the noun, *thought* the verb.
    """
    form = word.lower()
    irregular, verbs, nouns = forms()
    tables = {"verb": (verbs,), "noun": (nouns,)}.get(kind or "", (verbs, nouns))
    if any(table.get(form) == form for table in tables) and (kind or form not in irregular):
        return form
    if form in irregular:
        return irregular[form]
    for table in tables:
        if form in table:
            return table[form]
    return strip_ending(form)


@lru_cache(maxsize=1)
def forms() -> tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str]]:
    """Return form -> lemma for irregular forms, the lexicon's verbs, and its nouns; a lemma is a form of itself."""
    verbs, nouns = (
        {form: lemma for lemma in heads(kind) for form in inflect(lemma)}
        for kind, inflect in (("verb", verb_forms), ("noun", noun_forms))
    )
    for table, kind in ((verbs, "verb"), (nouns, "noun")):
        table.update((lemma, lemma) for lemma in heads(kind))
    return read_irregular(lines_of("irregular.tsv")), verbs, nouns


def heads(kind: str) -> list[str]:
    """Return the words of the lexicon that inflect: the first one of each verb, all of each noun."""
    return [cue.split()[0] if kind == "verb" else cue for cue, k in cues() if k == kind]


def verb_forms(verb: str) -> Iterator[str]:
    """Yield the regular forms of `verb`, and those of its British spelling.

    Where it hangs on the stress or the country whether a consonant doubles (*label*, *regret*), both ways come out.
    """
    for spelling in (verb, verb[:-3] + "ise") if verb.endswith("ize") else (verb,):
        yield spelling
        yield add_s(spelling)
        for stem in stems(spelling):
            yield stem + "ing"
            yield (stem[:-1] + "i" if re.search(r"[^aeiou]y$", stem) else stem) + "ed"
        if spelling.endswith("ee"):
            yield spelling + "d"


def noun_forms(noun: str) -> tuple[str, str]:
    """Return singular and regular plural."""
    return noun, add_s(noun)


def stems(verb: str) -> list[str]:
    """Return what -ed and -ing are put on: *hop-*, *plann-*, *label-* and *labell-*."""
    if verb.endswith("e") and not verb.endswith("ee"):
        return [verb[:-1]]
    if not doubles(verb):
        return [verb]
    single = len(re.findall(r"[aeiouy]+", verb.replace("qu", "q"))) == 1
    return [verb + verb[-1]] if single else [verb, verb + verb[-1]]


def doubles(word: str) -> bool:
    """Whether `word` ends in one vowel and one consonant that may double."""
    return re.search(r"(?:^|[^aeiou])[aeiou][bdfgklmnprstvz]$", word.replace("qu", "q")) is not None


def add_s(word: str) -> str:
    """Put the -s of the plural or of the third person on `word`."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    if word.endswith("z") and doubles(word):
        return word + "zes"
    return word + ("es" if re.search(r"(?:[sxz]|ch|sh|[^aeiou]o)$", word) else "s")


def strip_ending(form: str) -> str:
    """Guess the lemma of a regular form that no table has; leave `form` alone when in doubt."""
    if len(form) > 4 and form.endswith(("ies", "ied")):
        return form[:-3] + "y"
    if re.search(r"(?:ss|sh|ch|x|zz|[^aeiou]o)es$", form):
        return form[:-2]
    if len(form) > 3 and re.search(r"[^suiy']s$|[aeou]ys$", form):
        return form[:-1]
    match = re.fullmatch(r"(.*[aeiouy].*?)(?:ed|ing)", form)
    return restore(match[1]) if match and len(match[1]) > 2 and not form.endswith("eed") else form


def restore(stem: str) -> str:
    """Undo what -ed or -ing did to the end of a word: *stopp* -> *stop*, *decid* -> *decide*."""
    if re.search(r"([^aeioulsfz])\1$|[aeiouy][^aeiou]+[eo]ll$", stem):
        return stem[:-1]
    return stem + "e" if SILENT_E.search(stem) else stem


# From lemmas to entries

# For each word, the forms that it may be matched by.
Words = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """An entry found in a cue: `places` are the numbers of the lemmas that it takes, rising."""

    entry: CueEntry
    places: tuple[int, ...]
    exact: bool


def find_cue(lemmas: Sequence[str], kind: str | None = None) -> CueEntry | None:
    """Return the entry for a cue, given as lemmas (plain forms will mostly do), or None.

    `kind` is a hint from the cue's head; without it, verbs win. Of entries that overlap, the longer one wins (*call on*
    over *call*), up to `GAP` words apart. Among the rest a verb or phrase beats a noun, then what says more than plain
    saying (*worried* in *said to be worried*), then a verb behind *as* (*quoted as saying*), then the first.
    """
    return best_entry(tuple(lemmas), kind)


# A few cues make up most of any news.
@lru_cache(maxsize=10_000)
def best_entry(lemmas: tuple[str, ...], kind: str | None) -> CueEntry | None:
    """Do what `find_cue` says."""
    words = tuple(variants(lemma) for lemma in lemmas)
    found = [match for start in range(len(words)) for match in matches_at(words, start)]
    found = [match for match in found if not any(set(match.places) < set(other.places) for other in found)]

    def rank(match: Match) -> tuple[object, ...]:
        entry, first = match.entry, match.places[0]
        weight = (entry.act != "assert") + (entry.stance != "neutral")
        behind_as = first > 0 and "as" in words[first - 1]
        noun = (entry.kind == "noun") == (kind == "noun")
        return noun, weight, behind_as, -first, -match.places[-1]

    best = max(one_a_place(found, kind), key=rank, default=None)
    return best.entry if best else None


def one_a_place(found: Iterable[Match], kind: str | None) -> Collection[Match]:
    """Keep one match where several take the same words: of the kind `kind`, else the exact one, else the verb."""
    best: dict[tuple[int, ...], Match] = {}
    for match in sorted(found, key=lambda m: (m.entry.kind != kind, not m.exact, -KINDS[::-1].index(m.entry.kind))):
        best.setdefault(match.places, match)
    return best.values()


def matches_at(words: Words, start: int) -> Iterator[Match]:
    """Yield the entries whose first word is at `start`."""
    noun_follows = start > 0 and not DETERMINERS.isdisjoint(words[start - 1])
    for key, entry in dict.fromkeys(pair for word in words[start] for pair in by_first_word().get(word, ())):
        places = place_words(key, words, start)
        if places and not (noun_follows and entry.kind == "verb"):
            yield Match(entry, places, entry.cue.split()[0] == words[start][0])


def place_words(key: Words, words: Words, start: int) -> tuple[int, ...] | None:
    """Return where the words of a cue stand from `start` on, each as early as can be, or None."""
    places = [start]
    for wanted in key[1:]:
        after = range(places[-1] + 1, min(places[-1] + 2 + GAP, len(words)))
        place = next((i for i in after if not set(wanted).isdisjoint(words[i])), None)
        if place is None:
            return None
        places.append(place)
    return tuple(places)


@lru_cache(maxsize=1)
def by_first_word() -> Mapping[str, Sequence[tuple[Words, CueEntry]]]:
    """Return first word -> the cues that begin with it, each as the forms allowed for its words."""
    index: dict[str, list[tuple[Words, CueEntry]]] = {}
    for entry in cues().values():
        words = entry.cue.split()
        # A lone adjective stays as it is: *torn* must not be found in *tear*.
        key = tuple(variants(word) if len(words) > 1 and entry.kind == "phrase" else (word,) for word in words)
        for first in key[0]:
            index.setdefault(first, []).append((key, entry))
    return index


def variants(word: str) -> tuple[str, ...]:
    """Return `word` in lower case and what it may be a form of, without repeats, itself first."""
    form = word.lower()
    return tuple(dict.fromkeys((form, lemma_of(form, "verb"), lemma_of(form, "noun"))))
