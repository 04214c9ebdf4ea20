"""Whom a speaker tells, asks, urges or answers.

In: an attribution in its `Story`. Out: the span of the addressee, found by the words around the cue: the object of a
verb that takes one (*told reporters*, *urged Congress to*), *to* behind a verb of saying, *in an interview with*, or
the one who *was asked*. Naming the addressee is left to the resolver.
"""

from __future__ import annotations

import re

from onrecord.lexicons import lemma_of
from onrecord.stages.attributions import Attribution, Span
from onrecord.stages.speakers.names import fold, word_set
from onrecord.stages.speakers.phrases import ADJECTIVES, DETERMINERS, noun_of
from onrecord.stages.speakers.story import Story

# Verbs whose object is told; those in WITH_TO only where *to*, *not* or the content's clause follows the object.
TELLING = word_set("tell remind assure inform notify email text lecture brief caution warn advise urge beg")
WITH_TO = word_set(
    "ask urge encourage order challenge push press pressure persuade convince direct instruct implore exhort request "
    "invite beg command task require advise warn lobby counsel admonish coach beseech petition"
)
ASKING = word_set("ask challenge question press grill quiz confront")
SAYING = word_set("say write speak explain announce complain confess admit joke report testify apologize add")
# Where anybody may post: nobody is told by it.
PLATFORMS = word_set("twitter facebook instagram youtube reddit snapchat tumblr tiktok linkedin wikileaks google")
# Words at which an object ends.
AFTER_OBJECT = word_set(
    "to that about if whether how what why when where in on at during for not who which after before as from with he "
    "she they it i we you there and but while because against of by over into through rhetorically directly monday "
    "tuesday wednesday thursday friday saturday sunday last this earlier later recently today yesterday"
)
PRONOUNS = word_set("him her them me us")
OCCASION = re.compile(
    r"\b(?:(?:interviews?|appearance|conversation)(?:\s+[\w’']+){0,3}?\s+(?:with|on|for|by|before)"
    r"|(?:speech|remarks|letter|email|e-mail|message|memo|statement|testimony)(?:\s+[\w’']+){0,2}?\s+to)"
    r"\s+(?=[\w“\"‘'])",
    re.IGNORECASE,
)
# Characters after a cue that are searched for *in an interview with*.
REACH = 110


def find_addressee(story: Story, attribution: Attribution) -> tuple[Span, str] | None:
    """Return the addressee's span and the rule that found it."""
    if attribution.cue is None:
        return None
    first, last = story.words_of(attribution.cue)
    cue = [word.lower() for word in story.words[first:last]]
    if passive(cue, attribution):
        found = asked(story, attribution, first, last)
        return (found, "was asked") if found else None
    for number in range(last - 1, first - 1, -1):
        lemma = lemma_of(cue[number - first], "verb")
        found = after_verb(story, attribution, lemma, number, last, cue[number - first :])
        if found:
            return found, f"object of {lemma}"
    found = on_occasion(story, attribution)
    return (found, "occasion") if found else None


def passive(cue: list[str], attribution: Attribution) -> bool:
    """True for *asked about* without a source, *was asked*, *when asked*."""
    if not {"asked", "pressed", "questioned", "advised", "ordered", "told", "warned"} & set(cue):
        return False
    return attribution.source is None or cue[0] in ("was", "were", "is", "are", "been", "being", "when")


def asked(story: Story, attribution: Attribution, first: int, last: int) -> Span | None:
    """Return who was asked: the nearest name or *he* before *was asked*, or the subject after *Asked …,*."""
    sentence = story.sentence(story.starts[first])
    opens = story.starts[first] - story.sentence_starts[sentence] < 3
    if not opens:
        for number in range(first - 1, max(first - 9, -1), -1):
            if span := person_at(story, number):
                return span
    end = story.word_at(story.sentence_end(sentence))
    for number in range(last, end):
        if story.words[number - 1] == "," and (span := person_at(story, number)):
            return span
    return None


def person_at(story: Story, number: int) -> Span | None:
    """Return the span of the person or *he* or *she* at words[number]."""
    if number in story.unit_at:
        entity, mention = story.mention_at[story.unit_at[number]]
        return (mention.start, mention.end) if entity.kind == "person" else None
    if story.words[number].lower() in ("he", "she"):
        return story.span_of(number, number + 1)
    return None


def after_verb(
    story: Story, attribution: Attribution, lemma: str, number: int, last: int, rest: list[str]
) -> Span | None:
    """Return the object of the cue's verb at words[number], if it is somebody who can be told."""
    start = number + 1
    calling = lemma == "call" and "on" in rest[:3]
    if calling:
        start = number + rest.index("on") + 1
    elif lemma in SAYING:
        if start < len(story.words) and story.words[start].lower() == "to":
            return read_object(story, start + 1, ends=True)
        return None
    if not calling and lemma not in TELLING | WITH_TO:
        return None
    found = read_object(story, start, ends=lemma in TELLING)
    if found is None:
        return None
    after = story.words[story.words_of(found)[1]].lower() if story.words_of(found)[1] < len(story.words) else "."
    if calling or lemma in TELLING:
        return found
    return found if after in ("to", "not") or (lemma in ASKING and after not in ("and",)) else None


def read_object(story: Story, start: int, ends: bool = False) -> Span | None:
    """Return the noun phrase that begins at words[start] if its head can be told something."""
    position = start
    limit = min(start + 12, len(story.words))
    while position < limit:
        word = story.words[position]
        if position in story.units:
            named = story.mention_at[position][0]
            position = story.units[position]
            if named.kind == "organization" and story.words[position : position + 1] in (["'s"], ["’s"]):
                break
            continue
        low = word.lower()
        stop = low in AFTER_OBJECT and not (low in ("of", "from") and position > start and not ends)
        if stop or not (word[0].isalnum() or word in ("'s", "’s", "-", "%", "&")) or "\n" in word:
            break
        position += 1
    position = min(position, limit)
    while position > start and story.words[position - 1] in ("'s", "’s", "-"):
        position -= 1
    return story.span_of(start, position) if position > start and can_be_told(story, start, position) else None


def begins_phrase(story: Story, number: int) -> bool:
    """True if words[number] can open a noun phrase; false for the verb in *pledged to visit Iowa*."""
    word = story.words[number]
    low = word.lower()
    known = low in DETERMINERS or low in ADJECTIVES or noun_of(fold(word)) is not None or number in story.peoples
    return known or word[0].isupper()


def can_be_told(story: Story, first: int, last: int) -> bool:
    """True if words[first:last] are a name, *him*, or a phrase whose head is a person, a group or a body."""
    if last - first == 1 and story.words[first].lower() in PRONOUNS:
        return True
    if first in story.unit_at:
        return True
    if not begins_phrase(story, first):
        return False
    if last - 1 in story.unit_at:
        return True
    heads = [number for number in range(first, last) if story.words[number].lower() == "of"]
    head = (heads[0] if heads else last) - 1
    word = story.words[head]
    if head in story.peoples:
        return True
    noun = noun_of(fold(word))
    if noun is not None and noun[0] != "document":
        return True
    return word[0].isupper() and story.words[first].lower() in DETERMINERS | {word.lower()} and head > first


def on_occasion(story: Story, attribution: Attribution) -> Span | None:
    """Return with whom, or on what programme, the words were said: *in an interview with*, *on CNN*."""
    sentence = story.sentence(attribution.cue[0]) if attribution.cue else 0
    begin, end = story.sentence_starts[sentence], story.sentence_end(sentence)
    cue_start, cue_end = attribution.cue or (begin, begin)
    for match in OCCASION.finditer(story.text, max(begin, cue_start - 160), min(end, cue_end + REACH)):
        if any(start <= match.start() < stop for start, stop in attribution.content):
            continue
        if span := read_object(story, story.word_at(match.end()), ends=True):
            return span
    found = interviewer(story, max(begin, cue_start - 160), min(end, cue_end + REACH))
    return found or on_air(story, attribution, cue_start, min(end, cue_end + REACH))


def interviewer(story: Story, start: int, end: int) -> Span | None:
    """Return the outlet in *in a Bloomberg interview*."""
    at = story.text.find(" interview", start, end)
    number = story.unit_at.get(story.word_at(at - 1)) if at > 0 else None
    if number is None or story.mention_at[number][0].kind != "organization":
        return None
    mention = story.mention_at[number][1]
    return mention.start, mention.end


def on_air(story: Story, attribution: Attribution, start: int, end: int) -> Span | None:
    """Return the outlet in *said on CNN*, *told us on NBC's "Meet the Press"*."""
    for number in range(story.word_at(start), story.word_at(end)):
        place = story.starts[number]
        if story.words[number].lower() != "on" or any(s <= place < e for s, e in attribution.content):
            continue
        following = number + 1
        while following < len(story.words) and story.words[following].lower() in ("the", '"', "“", "''", "``"):
            following += 1
        if following in story.units:
            entity, mention = story.mention_at[following]
            if fold(entity.name) in story.outlets - PLATFORMS:
                return mention.start, mention.end
    return None
