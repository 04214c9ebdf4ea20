"""Stances and targets: what the decision makes of scores, and tables of sentences for the trained network."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from en_onrecord import path
from onrecord.labels import STANCES
from onrecord.pieces import encode
from onrecord.stages import stances
from onrecord.stages.attributions import Attribution
from onrecord.stages.quotations import find_quotations
from onrecord.stages.speakers import Speaker
from onrecord.stages.stances import (
    Judgement,
    Namer,
    agreement,
    decide,
    joined,
    judge,
    load_reader,
    softmax,
    split_pair,
)
from onrecord.stages.stances.network import (
    CONTENT,
    CUE,
    LENGTH,
    LONGEST,
    SOURCE,
    Candidates,
    Marked,
    Reader,
    allowed,
    best_spans,
    conjuncts,
    cue_stance,
    mark,
    span_means,
)
from onrecord.stages.stances.reversals import reversed_stance

PLAIN = {"target_temperature": 1.0, "stance_temperature": 1.0}
MARKS = {"<": "source", "*": "cue", "[": "content"}
PARTS = re.compile(r"<([^>]*)>|\*([^*]*)\*|\[([^\]]*)\]")


def parse(row: str) -> tuple[str, Attribution]:
    """Read `<source> *cue* [content]` to the plain text and its attribution."""
    text, at = "", 0
    spans: dict[str, list[tuple[int, int]]] = {role: [] for role in MARKS.values()}
    for part in PARTS.finditer(row):
        text += row[at : part.start()]
        words = next(group for group in part.groups() if group is not None)
        spans[MARKS[part[0][0]]].append((len(text), len(text) + len(words)))
        text, at = text + words, part.end()
    if not spans["content"] or len(spans["cue"]) > 1 or len(spans["source"]) > 1:
        raise ValueError(f"one source, one cue and at least one content are needed: {row}")
    source, cue = (spans[role][0] if spans[role] else None for role in ("source", "cue"))
    return text + row[at:], Attribution(source, cue, tuple(spans["content"]))


def speaker(name: str | None) -> Speaker:
    return Speaker(name, "person" if name else "unknown", None, None, None, "name", None, None, None)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader(path())


def judged(row: str, reader: Reader) -> tuple[Judgement, str]:
    text, attribution = parse(row)
    name = text[slice(*attribution.source)] if attribution.source else None
    return judge(text, find_quotations(text), [attribution], [speaker(name)], reader)[0], text


# ---------------------------------------------------------------- marking


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    found = Tokenizer.from_file(str(path() / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


def marked_row(row: str, tokenizer: Tokenizer) -> tuple[Marked, str]:
    text, attribution = parse(row)
    source, cue = ([span] if span else [] for span in (attribution.source, attribution.cue))
    return mark(encode(text, find_quotations(text), tokenizer), source, cue, attribution.content), text


def role_words(marked: Marked, text: str, role: int) -> list[str]:
    return [text[marked.start[i] : marked.end[i]] for i in np.flatnonzero(marked.roles == role)]


def test_roles_are_marked_from_the_first_to_the_last_piece(tokenizer: Tokenizer) -> None:
    marked, text = marked_row("Not this.\n<She> *said* [no.\nAnd left].\nNor that.", tokenizer)
    assert role_words(marked, text, SOURCE) == ["She"]
    assert role_words(marked, text, CUE) == ["said"]
    assert role_words(marked, text, CONTENT) == ["no", ".", "And", "left"]
    assert tokenizer.decode(marked.ids.tolist(), skip_special_tokens=False) == "[CLS] she said no. and left"


def test_a_span_without_a_piece_does_not_widen_what_is_read(tokenizer: Tokenizer) -> None:
    text = "It rained.  She said no."
    pieces = encode(text, find_quotations(text), tokenizer)
    blank = text.index("  ")
    with_blank = mark(pieces, [(12, 15)], [(16, 20)], [(blank, blank + 1), (21, 23)])
    assert tokenizer.decode(with_blank.ids.tolist(), skip_special_tokens=False) == "[CLS] she said no"


def test_what_is_far_from_the_attribution_is_left_out(tokenizer: Tokenizer) -> None:
    filler = "word " * 400
    marked, text = marked_row(f"{filler}<Ruiz>, {filler}, *blamed* [the mayor]. {filler}", tokenizer)
    assert len(marked.ids) == LENGTH
    assert role_words(marked, text, CONTENT) == ["the", "mayor"]
    assert role_words(marked, text, SOURCE) == ["Ruiz"]


def test_a_long_content_keeps_cue_source_and_its_beginning(tokenizer: Tokenizer) -> None:
    words = " ".join(f"w{i}" for i in range(300))
    marked, text = marked_row(f"[start {words}], <Ruiz> *said*.", tokenizer)
    assert len(marked.ids) == LENGTH
    assert role_words(marked, text, CUE) == ["said"]
    assert role_words(marked, text, CONTENT)[0] == "start"


@pytest.mark.parametrize(
    ("cue", "stance"), [("blasted", "oppose"), ("praised", "support"), ("said", "neutral"), ("xyzzy", "neutral")]
)
def test_stance_of_cues(cue: str, stance: str) -> None:
    assert cue_stance(cue) == stance


# ---------------------------------------------------------------- candidates and decisions


def hand_marked(size: int, segments: list[int], words: list[int] | None = None) -> Marked:
    """A Marked of one-letter words a, b, c … two characters apart; `words`: pieces that begin a word."""
    first = np.isin(np.arange(size), words if words is not None else range(size))
    start = np.arange(size) * 2
    return Marked(
        np.arange(size), np.arange(size), np.where(np.array(segments) > 0, CONTENT, 0), np.array(segments), first,
        np.append(first[1:], True), start, start + 1,
    )  # fmt: skip


def test_targets_are_whole_words_of_one_segment() -> None:
    marked = hand_marked(5, [0, 1, 1, 2, 2], words=[0, 1, 2, 3])
    assert np.argwhere(allowed(marked)).tolist() == [[1, 1], [1, 2], [2, 2], [3, 4]]


def test_targets_are_not_longer_than_the_longest() -> None:
    marked = hand_marked(LONGEST + 5, [1] * (LONGEST + 5))
    rows, columns = np.nonzero(allowed(marked))
    assert (columns - rows).max() == LONGEST - 1


def test_best_spans_come_by_score_with_log_probabilities() -> None:
    marked = hand_marked(3, [0, 1, 1])
    spans = np.log(np.array([[9.0, 9, 9], [9, 0.2, 0.5], [9, 9, 0.3]], dtype=np.float32))
    places, scores = best_spans(np.where(allowed(marked), spans, -np.inf))
    assert places.tolist() == [[1, 2], [2, 2], [1, 1]]
    assert np.exp(scores) == pytest.approx([0.5, 0.3, 0.2], abs=1e-6)


def test_no_place_for_a_target() -> None:
    places, scores = best_spans(np.full((2, 2), -np.inf, dtype=np.float32))
    nothing = Candidates(places, scores, np.zeros((0, 3), dtype=np.float32))
    assert decide(nothing, hand_marked(2, [0, 0]), "a b", PLAIN) is None


def test_conjuncts_stand_on_both_sides(tokenizer: Tokenizer) -> None:
    marked, text = marked_row("<They> *protested* [against taxes, Russia and by the new law].", tokenizer)
    words = [text[start:end] for start, end in zip(marked.start.tolist(), marked.end.tolist())]
    spans = np.where(allowed(marked), np.float32(0), -np.inf)
    spans[words.index("the"), words.index("law")] = 1
    target = np.array([words.index("Russia")] * 2)
    found = [(words[first], words[last]) for first, last in conjuncts(marked, spans, target).tolist()]
    assert found == [("the", "law"), ("against", "taxes")]


def test_no_conjunct_behind_the_last_word(tokenizer: Tokenizer) -> None:
    marked, _ = marked_row("<Ruiz> *likes* [the town and]", tokenizer)
    size = len(marked.ids)
    spans = np.where(allowed(marked), np.float32(0), -np.inf)
    assert not len(conjuncts(marked, spans, np.array([size - 3, size - 2])))


def test_means_of_spans() -> None:
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    assert span_means(rows, np.array([[1, 2], [2, 2], [0, 3]])).tolist() == [[3, 4], [4, 5], [3, 4]]


def test_agreement_is_half_of_the_longer_span_or_equal_words() -> None:
    places = np.array([[0, 3], [2, 3], [3, 3], [5, 5]])
    ids = np.array([7, 8, 9, 4, 0, 4])
    assert agreement(places, ids).tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]]


def candidates(*rows: tuple[tuple[int, int], float, tuple[float, float, float]]) -> Candidates:
    places, chances, stances = zip(*rows)
    return Candidates(np.array(places), np.log(np.array(chances, dtype=np.float32)), np.log(np.array(stances)))


def test_spans_that_agree_outweigh_a_likelier_one_that_stands_alone() -> None:
    found = candidates(((1, 1), 0.4, (0.1, 0.1, 0.8)), ((3, 4), 0.35, (0.8, 0.1, 0.1)), ((3, 5), 0.25, (0.6, 0.2, 0.2)))
    decision = decide(found, hand_marked(6, [0, 1, 1, 1, 1, 1]), "a b c d e f", PLAIN)
    assert decision is not None
    assert (decision.target, decision.stance) == ((6, 9), "support")
    assert decision.target_chance == pytest.approx(0.6)
    assert decision.stance_chance == pytest.approx((0.35 * 0.8 + 0.25 * 0.6) / 0.6)


def test_further_targets_are_joined_and_on_the_same_side() -> None:
    marked = hand_marked(9, [0, 1, 1, 1, 1, 1, 1, 1, 1])
    against, neutral = (0.1, 0.8, 0.1), (0.1, 0.1, 0.8)
    found = candidates(((1, 1), 0.6, against), ((2, 2), 0.2, against), ((3, 3), 0.1, neutral), ((5, 5), 0.1, against))
    decision = decide(found, marked, "x A,B C D E F G H", PLAIN)
    assert decision is not None
    assert decision.others == (((4, 5), "oppose"),)


def test_temperatures_flatten_chances_but_change_no_choice() -> None:
    found = candidates(((1, 1), 0.8, (0.9, 0.05, 0.05)), ((3, 3), 0.2, (0.1, 0.1, 0.8)))
    marked = hand_marked(4, [0, 1, 1, 1])
    sharp = decide(found, marked, "a b c d", PLAIN)
    flat = decide(found, marked, "a b c d", {"target_temperature": 2.0, "stance_temperature": 2.0})
    assert sharp is not None
    assert flat is not None
    assert (flat.target, flat.stance) == (sharp.target, sharp.stance)
    assert flat.target_chance == pytest.approx(2 / 3)
    assert 0.5 < flat.stance_chance < sharp.stance_chance


def test_softmax_sums_to_one() -> None:
    assert softmax(np.array([[1e4, 0.0], [0.0, 0.0]])).tolist() == [[1.0, 0.0], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("text", "one", "two", "expected"),
    [
        ("Russia and Iran", "Russia", "Iran", True),
        ("an exercise and by the announcement", "an exercise", "the announcement", True),
        ("taxes, fees", "taxes", "fees", True),
        ("Russia hates Iran", "Russia", "Iran", False),
        ("old Russia", "old", "Russia", False),
    ],
)
def test_joined(text: str, one: str, two: str, expected: bool) -> None:
    spans = [(text.index(words), text.index(words) + len(words)) for words in (one, two)]
    assert joined(spans[0], spans[1], text) is expected
    assert joined(spans[1], spans[0], text) is expected


@pytest.mark.parametrize(
    ("text", "halves"),
    [
        ("Russia and Pashinyan’s government", ["Russia", "Pashinyan’s government"]),
        ("the Senate and the House", ["the Senate", "the House"]),
        ("Mr. Cruz and Sen. Marco Rubio", ["Mr. Cruz", "Sen. Marco Rubio"]),
        ("friends of Cruz and Rubio", ["friends of Cruz and Rubio"]),
        ("drugs and crime", ["drugs and crime"]),
    ],
)
def test_pairs_of_names_are_split(text: str, halves: list[str]) -> None:
    assert [text[start:end] for start, end in split_pair((0, len(text)), text)] == halves


# ---------------------------------------------------------------- names


NAMES = {
    "Merkel": ("Angela Merkel", "person"),
    "she": ("Angela Merkel", "person"),
    "the chancellor": ("Angela Merkel", "person"),
    "they": ("Angela Merkel", "person"),
    "the Greens": ("Greens", "people"),
    "taxes": ("Taxes", "organization"),
}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("Merkel", ("Angela Merkel", "person")),
        ("she", ("Angela Merkel", "person")),
        ("the chancellor", ("Angela Merkel", "person")),
        ("they", (None, "thing")),
        ("the Greens", ("Greens", "group")),
        ("taxes", (None, "thing")),
        ("the weather", (None, "thing")),
        ("I", ("Ana Ruiz", "person")),
        ("my", ("Ana Ruiz", "person")),
    ],
)
def test_targets_that_are_entities_get_their_names(
    target: str, expected: tuple[str | None, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve_name(resolver: object, span: tuple[int, int], number: int) -> tuple[str | None, str, None]:
        return (*NAMES.get(target[slice(*span)], (None, "thing")), None)

    monkeypatch.setattr(stances, "resolve_name", resolve_name)
    namer = Namer(target, speaker("Ana Ruiz"), object(), 0)  # type: ignore[arg-type]
    assert namer.name_of((0, len(target))) == expected


def test_without_a_resolver_only_the_speaker_has_a_name() -> None:
    namer = Namer("Merkel", speaker("Ana Ruiz"), None, 0)
    assert namer.name_of((0, 6)) == (None, "thing")


def test_no_attribution_no_judgement(reader: Reader) -> None:
    assert judge("Rain", [], [], [], reader) == []


@pytest.mark.parametrize(
    ("before", "stance"),
    [
        ("that he would repeal the ", "oppose"), ("to end ", "oppose"), ("a moratorium on ", "oppose"),
        ("an end to the ", "oppose"), ("lifting ", "oppose"), ("the complete elimination of ", "oppose"),
        ("that they will not abandon our ", "support"), ("that he never rejected the ", "support"),
        ("", None), ("to fight for ", None), ("he likes ", None), ("to lift up ", None), ("by the end of ", None),
        ("to repeal the law and build ", None), ("no ", None), ("that the ", None),
    ],
)  # fmt: skip
def test_reversals(before: str, stance: str | None) -> None:
    assert reversed_stance(before) == stance


# ---------------------------------------------------------------- the trained network

ROWS = [
    ("<Ruiz> *blasted* [the new tax].", "oppose", "the new tax"),
    ("<The senator> *accused* [the company of hiding the losses].", "oppose", "the company"),
    ("<Ruiz> *praised* [the firefighters].", "support", "the firefighters"),
    ("<He> *embraced* [the proposal].", "support", "the proposal"),
    ("<Residents> *fear* [a flood].", "oppose", "a flood"),
    ("<Okafor> *is worried about* [the dam].", "oppose", "the dam"),
    ("<The mayor> *vowed* [to repeal the curfew].", "oppose", "the curfew"),
    ("<She> *urged* [parliament to pass the bill].", "support", "the bill"),
    ("<The senator> *called for* [a moratorium on new prisons].", "oppose", "new prisons"),
    ("<They> *pledged* [to lift the restrictions].", "oppose", "the restrictions"),
    ("<They> *called on* [him to resign].", "oppose", "him"),
    ("<The party> *denied* [the allegations].", "oppose", "the allegations"),
    ("<Police> *said* [the man shot two people].", "neutral", "the man"),
    ("[“He’s a liar,”] <she> *said* of the governor.", "oppose", "He"),
    ("[“This treaty is a triumph for our people,”] <Okafor> *said*.", "support", "This treaty"),
    ("<Ruiz> *plans* [to run].", "support", "run"),
    ("<The ministry> *said* [the talks will begin on Monday].", "neutral", "the talks"),
]  # fmt: skip
SENTENCES = [str((row.values if hasattr(row, "values") else row)[0]) for row in ROWS]


@pytest.mark.parametrize(("row", "stance", "target"), ROWS)
def test_sentences(row: str, stance: str, target: str, reader: Reader) -> None:
    found, text = judged(row, reader)
    assert found.target is not None
    assert (found.stance, text[slice(*found.target)]) == (stance, target)


def test_a_second_name_is_a_further_target(reader: Reader) -> None:
    found, text = judged("<Crowds> *protested against* [Russia and Pashinyan’s government].", reader)
    assert found.target is not None
    assert text[slice(*found.target)] == "Russia"
    assert [(text[start:end], stance) for start, end, stance, *_ in found.others] == [
        ("Pashinyan’s government", "oppose")
    ]


def test_confidences_are_chances(reader: Reader) -> None:
    for row in SENTENCES:
        found, _ = judged(row, reader)
        assert found.stance in STANCES
        assert found.stance_confidence is not None
        assert found.target_confidence is not None
        assert 1 / 3 - 1e-6 <= found.stance_confidence <= 1
        assert 0 <= found.target_confidence <= 1


def test_targets_lie_in_content_or_cue(reader: Reader) -> None:
    for row in SENTENCES:
        text, attribution = parse(row)
        found, _ = judged(row, reader)
        assert found.target is not None
        start, end = found.target
        cue = [attribution.cue] if attribution.cue else []
        assert any(one <= start and end <= two for one, two in (*attribution.content, *cue)), text


def test_other_attributions_do_not_change_a_judgement(reader: Reader) -> None:
    row = "<Ruiz> *blasted* [the new tax]."
    text, attribution = parse(row)
    other, second = parse("<She> *praised* [the plan].")
    shift = len(text) + 1
    moved = Attribution(
        *((span[0] + shift, span[1] + shift) for span in (second.source, second.cue) if span),
        tuple((start + shift, end + shift) for start, end in second.content),
    )
    both = f"{text}\n{other}"
    alone = judge(both, [], [attribution], [speaker("Ruiz")], reader)
    together = judge(both, [], [attribution, moved], [speaker("Ruiz"), speaker("Ruiz")], reader)
    assert together[:1] == alone


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"stances\.onnx is missing"):
        Reader(tmp_path)
