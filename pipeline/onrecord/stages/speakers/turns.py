"""Who *I* is where it is nobody's quotation: whose turn it is in interviews and transcripts, or who signs a text.

In: a `Story` and a position. Out: the person whose turn holds it: by the label that opens it (*TAPPER:*, *A:*), or, in
an interview without labels, the person interviewed, who answers the paragraphs that ask. `signature` finds the author
of letters to the editor and of articles that end in a line about him.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from onrecord.stages.speakers.entities import Entity
from onrecord.stages.speakers.names import fold
from onrecord.stages.speakers.story import Story

LABEL = re.compile(r"[\"“]?(?P<name>[QA]|[A-Z][\w.’'-]+(?: [A-Z][\w.’'-]*){0,3}) ?:\s")
ASKS = re.compile(r"\byou(?:r|rs|rself|’re|'re|’ve|'ve)?\b[^\n]*\?[\"”]?\s*$", re.IGNORECASE)
# From how many paragraphs that ask *you* on a text counts as an interview.
QUESTIONS = 3
# How many paragraphs back the label of a turn may stand.
TURN = 6


def speaker_of_turn(story: Story, position: int) -> Entity | None:
    """Return the person whose turn holds a character, None in ordinary prose and in questions."""
    paragraph = story.paragraph(position)
    for number in range(paragraph, max(paragraph - TURN, -1), -1):
        label = LABEL.match(story.text, story.paragraph_starts[number])
        if label is not None:
            found = labelled(story, label["name"])
            if found is not None or label["name"] == "Q":
                return found
    if is_question(story, paragraph):
        return None
    asked_before = any(is_question(story, number) for number in range(paragraph - 1, max(paragraph - TURN, -1), -1))
    return interviewee(story) if asked_before else None


def turn_label(story: Story, span: tuple[int, int]) -> str:
    """Return *Q* or *A* if a span is the label of a turn, else nothing."""
    label = LABEL.match(story.text, story.paragraph_starts[story.paragraph(span[0])])
    return label["name"] if label is not None and label.span("name") == span and label["name"] in ("Q", "A") else ""


def signature(story: Story, position: int) -> Entity | None:
    """Return who signs the text that holds a character: alone on a line behind it, or in a last line about him."""
    number = bisect_right(story.signatures, position, key=lambda mark: mark[0])
    return story.signatures[number][1] if number < len(story.signatures) else None


def labelled(story: Story, label: str) -> Entity | None:
    """Return the person that a label names; *A* is who is interviewed."""
    if label == "A":
        return most_named(story)
    return story.registry.by_surname(fold(label.split()[-1]))


def is_question(story: Story, paragraph: int) -> bool:
    """True if a paragraph asks somebody: it says *you* and ends with a question mark."""
    start, end = story.paragraph_starts[paragraph], story.paragraph_end(paragraph)
    return story.quotation(start) is None and ASKS.search(story.text[start:end].rstrip()) is not None


def interviewee(story: Story) -> Entity | None:
    """Return who is interviewed, None if the text is no interview."""
    asking = 0
    for number in range(len(story.paragraph_starts)):
        asking += is_question(story, number)
        if asking >= QUESTIONS:
            return most_named(story)
    return None


def most_named(story: Story) -> Entity | None:
    """Return the person with given name and surname who is mentioned most."""
    people = [entity for entity in story.registry.entities if entity.kind == "person" and " " in entity.name]
    return max(people, key=lambda entity: len(entity.mentions), default=None)
