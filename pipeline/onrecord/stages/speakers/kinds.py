"""What sort of speaker a description is: anonymous, a group, an organisation or a document.

In: a noun phrase that names nobody. Out: a kind and its chance, by a small linear model over the head noun's class,
its number and the words around it (models/recipe/speakers fits it).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from onrecord.stages.speakers.names import fold, is_acronym
from onrecord.stages.speakers.phrases import Phrase, noun_of

KINDS = ("anonymous", "group", "organization", "document")
Weights = Mapping[str, Mapping[str, float]]


def features(words: Sequence[str], phrase: Phrase, people: bool, named: bool) -> list[str]:
    """Return the features of a phrase that hold; `people`: its head names a people, `named`: a name is in it."""
    noun = noun_of(phrase.noun)
    number = "plural" if phrase.plural else "singular"
    found = ["any", number, f"determiner {phrase.determiner or 'none'}", f"head {phrase.noun}"]
    found.append(f"class {noun[0] if noun else 'unknown'} {number}")
    found.append(f"class {noun[0] if noun else 'unknown'} {'the' if phrase.definite else phrase.determiner and 'a'}")
    found.append(f"ending {phrase.noun[-3:]}")
    head = words[phrase.head]
    following = [fold(word) for word in words[phrase.head + 1 : phrase.last]]
    if following[:1] == ["of"]:
        inner = [noun_of(word) for word in following[1:] if noun_of(word)]
        found.append(f"of {inner[0][0] if inner and inner[0] else 'unknown'}")
    found += [f"after {word}" for word in following[:1]]
    if people:
        found.append(f"people {number}")
    if named:
        found.append(f"named {noun[0] if noun else 'unknown'}")
    if head[0].isupper() and phrase.head > phrase.first:
        found.append("capital")
    if is_acronym(head):
        found.append("acronym")
    if head[0].isdigit() or head in ("%", "percent"):
        found.append("figure")
    found += [f"word {fold(word)}" for word in words[phrase.first : phrase.head] if word[0].islower()][:3]
    return found


def score(weights: Weights, found: Sequence[str]) -> dict[str, float]:
    """Return the chance of each kind."""
    sums = {kind: sum(weights.get(name, {}).get(kind, 0.0) for name in found) for kind in KINDS}
    top = max(sums.values())
    total = sum(math.exp(value - top) for value in sums.values())
    return {kind: math.exp(value - top) / total for kind, value in sums.items()}
