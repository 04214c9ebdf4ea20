"""What a cue says: its lemma, its act, whether it is negated; by the lexicon, else as the network guessed."""

from __future__ import annotations

import re
from dataclasses import replace

from onrecord.lexicons import find_cue, lemma_of
from onrecord.stages.attributions.attribution import Attribution

WORD = re.compile(r"\w+(?:[’'-]\w+)*")
NEGATION = re.compile(r"\b(?:not|never|no longer|neither|nor|without|cannot)\b|n[’']t\b", re.IGNORECASE)
# Characters before a cue in which a negation may stand (*did not immediately* | *say*).
BEFORE_CUE = 24

# Idioms that give a thing its name, and attribute nothing to anybody; *as* may stand behind the cue.
NAMING = re.compile(r"(?:\w+ ){0,2}(?:known|recogni[sz]ed|referred to|regarded|famous)(?P<as> as| for)?", re.IGNORECASE)
# The same with somebody who gives the name: *the region, which Armenians call Artsakh*.
CALLING = re.compile(r"(?:\w+ ){0,2}(?:call|calls|called|dub|dubs|dubbed|name|names|named)", re.IGNORECASE)
CALLED = re.compile(r"(?:which|that|whom)\b|[A-Z][\w’'-]*(?: [A-Z][\w’'-]*){0,3}")


def is_naming(attribution: Attribution, text: str) -> bool:
    """True for *known as the Lachin Corridor*, *recognized as its territory*, *which Armenians call Artsakh*."""
    if not attribution.cue:
        return False
    start, end = attribution.cue
    if CALLING.fullmatch(text, start, end):
        called = [CALLED.fullmatch(text, *span) for span in attribution.content]
        return len(called) > 1 and all(called)
    match = None if attribution.source else NAMING.fullmatch(text, start, end)
    return match is not None and bool(match["as"] or re.match(r"\s+(?:as|for)\b", text[end : end + 8]))


def describe(attribution: Attribution, text: str) -> Attribution:
    """Add lemma, act and negation of the cue, by the lexicon."""
    if attribution.cue is None:
        return attribution
    start, end = attribution.cue
    words = [word.lower() for word in WORD.findall(text, start, end)]
    entry = find_cue(words)
    lemma = entry.cue if entry else " ".join(map(lemma_of, words[:1])) or text[start:end]
    act = entry.act if entry else attribution.act
    return replace(attribution, lemma=lemma, act=act, negated=is_negated(text, start, end))


def is_negated(text: str, start: int, end: int) -> bool:
    """True if the cue says that nobody said so (*did not say*)."""
    before = re.split(r"[.,;:!?—\n“”\"]", text[max(0, start - BEFORE_CUE) : start])[-1]
    return NEGATION.search(before + text[start:end]) is not None
