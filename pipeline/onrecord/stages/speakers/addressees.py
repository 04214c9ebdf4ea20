"""Whom a speaker tells, asks, urges or answers.

In: an attribution in its `Story`. Out: the noun phrases around its cue that may be the addressee, and nobody, each
with its features; `choose` takes the likeliest. The weights are those of a softmax over these options, fitted on
annotated articles (models/recipe/speakers). Naming the addressee is left to the resolver.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from onrecord.lexicons import find_cue, lemma_of
from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.speakers.chunks import GATHERINGS, PRONOUNS, QUOTES, Chunk, chunks
from onrecord.stages.speakers.names import fold, is_title, outlet_kinds, word_set
from onrecord.stages.speakers.phrases import FUNCTION, PREPOSITIONS, noun_of
from onrecord.stages.speakers.story import Story

# Words before and after a cue that are searched.
REACH = 40
# What is taken off the score of nobody: addressees are rare, and F1 is best if the doubtful ones are taken. On held-out
# folds of train 0.6 to 1.4 differ by a point and a half; of these development chose.
EAGERNESS = 1.0
# Verbs and nouns by how they take whom they tell. What they share is learnt for all of a group together.
GROUPS = {
    "telling": word_set(
        "tell remind assure reassure inform notify email e-mail text lecture brief caution warn advise answer thank"
    ),
    "urging": word_set(
        "ask urge encourage order challenge push press pressure persuade convince direct instruct implore exhort "
        "request invite beg command task require lobby counsel admonish coach beseech petition call rally"
    ),
    "questioning": word_set("question grill quiz confront"),
    "saying": word_set(
        "say write speak explain announce complain confess admit joke report testify apologize add talk remark deliver "
        "offer note stress describe suggest pitch insist declare state open"
    ),
    "responding": word_set("respond reply retort counter"),
    "interview": word_set(
        "interview appearance conversation discussion exchange chat meeting call debate phone session"
    ),
    "address": word_set(
        "speech remark letter message memo statement testimony note comment complaint warning appeal request email "
        "address plea"
    ),
    "show": word_set("show program podcast radio tv network newspaper magazine reporter paper station"),
}
GROUP_OF = {lemma: group for group in reversed(GROUPS) for lemma in GROUPS[group]}
# What can't listen: heads of adverbial phrases (*on the other hand*), what is told itself, and abstract nouns.
THINGS = word_set(
    "hand way time times day days week weeks month months year years morning afternoon evening night end "
    "story stories tale tales truth lie lies joke jokes anecdote anecdotes difference"
)
ABSTRACT = ("ment", "tion", "sion", "ness", "ity", "ance", "ism")
# What makes a participle passive, and *when asked*.
PASSIVE = word_set("is are was were be been being am when get got")
# How listeners are called without a name, what may stand before that, and before any call; *you* in other forms.
CALLED = word_set("gentlemen folks sir ma’am ma'am madam guys friends everybody everyone")
BEFORE_CALLED = word_set("ladies and my fellow dear")
CALLS = word_set("well oh no yes look now hey hello hi thanks frankly listen dear")
SECOND = word_set("you your yours you’re you're you’ve you've yourself let")
# Words behind a phrase that tell what it is.
BEHIND = word_set("of to not that if whether about on in at for and with who how why what during after when")
Weights = Mapping[str, float]


@dataclass(slots=True)
class Option:
    """A possible addressee (`span` in characters), or nobody, and the features that hold."""

    span: Span | None
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue: words `first` to `last` (exclusive), the lemma of its verb or noun, its voice."""

    first: int
    last: int
    lemma: str
    voice: str


def options(story: Story, attribution: Attribution) -> list[Option]:
    """Return nobody, then the phrases in the sentence of the cue in text order; nothing where there is no cue."""
    if attribution.cue is None:
        return []
    cue = read_cue(story, attribution)
    sentence = story.sentence(attribution.cue[0])
    end = max(story.sentence_end(sentence), attribution.cue[1])
    first = max(story.word_at(story.sentence_starts[sentence]), cue.first - REACH)
    last = min(story.word_at(end - 1) + 1, cue.last + REACH)
    source = range(*story.words_of(attribution.source)) if attribution.source else range(0)
    found = [Option(None, tuple(nobody(attribution, cue)))]
    between = 0
    for chunk in chunks(story, first, last, source.start):
        if chunk.head not in source and kind_of(story, chunk) != "thing":
            features = describe(story, attribution, cue, chunk, between)
            found.append(Option(story.span_of(chunk.first, chunk.last), tuple(features)))
            between += chunk.first >= cue.last
    found += [Option(span, ("vocative",)) for span in vocatives(story, attribution)]
    return found


def choose(weights: Weights, found: Sequence[Option]) -> tuple[Option, float] | None:
    """Return the likeliest option with its chance, None if that is nobody."""
    if not found or not weights:
        return None
    scores = [sum(weights.get(name, 0.0) for name in option.features) for option in found]
    scores[0] -= EAGERNESS
    best = max(range(len(found)), key=scores.__getitem__)
    chance = 1.0 / sum(math.exp(score - scores[best]) for score in scores)
    return (found[best], chance) if best else None


def vocatives(story: Story, attribution: Attribution) -> Iterator[Span]:
    """Yield who is called in a quotation: *“Well, Mr. Hill, …”*, *“Iran, if you’re listening”*, *“…, folks.”*"""
    for start, end in attribution.content:
        if story.quotation(start) is None:
            continue
        first, last = story.words_of((start, end))
        for number in range(first, last):
            named = number in story.units
            if not named and story.words[number].lower() not in CALLED:
                continue
            stop = story.units[number] if named else number + 1
            begin = number
            while begin > first and goes_before(story.words[begin - 1]):
                begin -= 1
            if is_called(story, first, begin, stop, last, named):
                yield story.span_of(begin, stop)


def goes_before(word: str) -> bool:
    """True if a call may begin with a word: *Mr.*, *my*, *ladies and*."""
    return is_title(word) or word.lower() in BEFORE_CALLED


def is_called(story: Story, first: int, begin: int, stop: int, last: int, named: bool) -> bool:
    """True if words[begin:stop] stand apart as a call, in the content words[first:last]."""
    words = story.words
    before, after = words[begin - 1] if begin > first else '"', words[stop] if stop < last else '"'
    comma = before == "," and begin - 1 > first
    lead = begin - 1 - comma
    calling = lead >= first and words[lead].lower() in CALLS
    if after == ",":
        opens = before in QUOTES or before in ".?!"
        to_you = not SECOND.isdisjoint(word.lower() for word in words[stop : min(stop + 8, last)])
        return calling or (opens and (to_you or not named))
    return comma and not named and (stop == last or after in ".?!" or after in QUOTES)


# ---------------------------------------------------------------- features


def read_cue(story: Story, attribution: Attribution) -> Cue:
    """Return the cue of an attribution, its lemma by the lexicon of cues, else that of its last word."""
    first, last = story.words_of(attribution.cue or (0, 0))
    words = [story.words[number].lower() for number in range(first, last)]
    entry = find_cue(words)
    lemma = entry.cue.split()[0] if entry else lemma_of(words[-1], "verb")
    before = story.words[first - 1].lower() if first else ""
    participle = any(word.endswith(("ed", "old")) for word in words)
    passive = participle and (attribution.source is None or not PASSIVE.isdisjoint((*words[:-1], before)))
    return Cue(first, last, lemma, "passive" if passive else "active")


def nobody(attribution: Attribution, cue: Cue) -> Iterator[str]:
    """Yield what speaks for there being no addressee."""
    yield "nobody"
    yield f"nobody, {cue.voice}"
    yield f"nobody, {takes(cue.lemma)} {cue.voice}"
    yield f"nobody, {cue.lemma} {cue.voice}"
    if attribution.source is None:
        yield "nobody, no source"


def describe(story: Story, attribution: Attribution, cue: Cue, chunk: Chunk, between: int) -> Iterator[str]:
    """Yield the features of a phrase; `between` counts the phrases from the end of the cue to it."""
    link, governor = linked(story, cue, chunk)
    kind = kind_of(story, chunk)
    where = f"{place(story, attribution, cue, chunk)} {cue.voice}"
    behind = story.words[chunk.last].lower() if chunk.last < len(story.words) else "."
    group = takes(governor)
    relation = f"{link} {group}"
    yield from (f"where {where}", f"kind {kind}", f"link {link}", f"relation {relation} {cue.voice}")
    yield f"link {link}, {where}"
    yield f"governor {link} {governor}"
    yield f"group {group}, {where}"
    yield f"group {group}, {kind}"
    if group in ("interview", "address"):
        yield f"occasion, {where}"
        yield f"occasion, {takes(cue.lemma)}"
    yield f"relation {relation}, {kind}"
    yield f"relation {relation}, {where}"
    yield f"relation {relation}, before {behind if behind in BEHIND or not behind[0].isalnum() else 'a word'}"
    yield f"cue {takes(cue.lemma)}, {link}, {where}"
    yield f"cue {takes(cue.lemma)}, {kind}, {where}"
    yield f"cue {cue.lemma}, {link}, {where}"
    yield f"where {where}, {min(between, 3)} between"
    if chunk.owner:
        yield f"owner, {kind}"
        yield f"owner, {relation}"
    if chunk.begin < chunk.first and chunk.within < 0:
        yield f"owned, {kind}"
        yield f"owned by {kind_of_word(story, chunk.first - 2)}, {kind}"
    if chunk.last > chunk.head + 1:
        joint = story.words[chunk.head + 1].lower()
        inner = Chunk(chunk.last - 1, chunk.last, chunk.last - 1, chunk.last - 1)
        yield f"with {joint}, {fold(story.words[chunk.head])}"
        yield f"with {joint}, {kind}, {kind_of(story, inner)}"
        yield f"with {joint}, {relation}"
    elif behind in ("of", "and"):
        yield f"without {behind}, {fold(story.words[chunk.head])}"


def takes(lemma: str) -> str:
    """Say how a verb or noun takes whom it tells."""
    return GROUP_OF.get(lemma, "other")


def linked(story: Story, cue: Cue, chunk: Chunk) -> tuple[str, str]:
    """Say what a phrase hangs on: a preposition with what that depends on, or the verb whose object it may be."""
    if chunk.within >= 0:
        return "inside", lemma_of(story.words[chunk.within], "noun")
    number = chunk.begin - 1
    while number > 0 and story.words[number] in QUOTES:
        number -= 1
    word = story.words[number].lower() if number >= 0 else "."
    if not word[0].isalnum():
        return "mark", ""
    if word in PREPOSITIONS:
        return word, governor_of(story, number - 1)
    if word in FUNCTION:
        return f"word {word}", ""
    inside = cue.first <= number < cue.last or chunk.begin == cue.last
    return "object" if inside else "behind", lemma_of(word, "verb")


def governor_of(story: Story, number: int) -> str:
    """Return the lemma of what a preposition behind words[number] depends on: *interview*, of *interview Tuesday*."""
    for position in range(number, max(number - 3, -1), -1):
        word = story.words[position]
        if not word[0].isalpha():
            break
        for lemma in (word.lower(), lemma_of(word, "noun"), lemma_of(word, "verb")):
            if lemma in GROUP_OF:
                return lemma
    return lemma_of(story.words[number], "verb") if number >= 0 and story.words[number][0].isalpha() else ""


def kind_of(story: Story, chunk: Chunk) -> str:
    """Say what a phrase is: a pronoun, a name, a description."""
    word = story.words[chunk.head].lower()
    if chunk.last - chunk.first == 1 and word in PRONOUNS:
        return word
    return kind_of_word(story, chunk.head)


def kind_of_word(story: Story, head: int) -> str:
    """Say what the phrase is whose head is words[head]: a name or a description."""
    word = story.words[head].lower()
    if head in story.unit_at:
        entity = story.mention_at[story.unit_at[head]][0]
        outlet = outlet_kinds().get(fold(entity.name))
        if outlet == "platform":
            return "thing"
        is_medium = outlet == "media" or (outlet == "surname" and entity.kind != "person")
        return "outlet" if is_medium else entity.kind
    if head in story.peoples:
        return "people"
    if word in GATHERINGS:
        return "gathering"
    noun = noun_of(fold(word))
    if word in THINGS or (noun is None and word.endswith(ABSTRACT)):
        return "thing"
    return f"noun {noun[0]}" if noun else "noun"


def place(story: Story, attribution: Attribution, cue: Cue, chunk: Chunk) -> str:
    """Say where a phrase stands to the cue and the content."""
    behind_preposition = chunk.begin == cue.last + 1 and story.words[cue.last].lower() in PREPOSITIONS
    if chunk.begin == cue.last or behind_preposition:
        return "next"
    start = story.starts[chunk.first]
    inside = next((begin for begin, end in attribution.content if begin <= start < end), None)
    if inside is not None:
        quoted = "in quotation" if story.quotation(start) else "in content"
        return "first in content" if story.word_at(inside) == chunk.first else quoted
    if cue.first <= chunk.first < cue.last:
        return "in cue"
    return "after" if chunk.first >= cue.last else "before"
