"""The lexicon's files are sound, and its lookups find what a reader of the table would expect."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from onrecord.errors import OnRecordError
from onrecord.labels import ACTS, STANCES
from onrecord.lexicons import COLUMNS, KINDS, cues, find_cue, lemma_of, lines_of, read_cues, read_irregular

HEADER = "\t".join(COLUMNS)
SAY = "say\tverb\tassert\tneutral\tonrecord\t"
WARN = "warn\tverb\twarn\toppose\tonrecord\t"


# The files


def test_columns_and_values_of_cues() -> None:
    rows = [line.split("\t") for line in lines_of("cues.tsv")]
    assert rows[0] == ["cue", "kind", "act", "stance", "source", "note"]
    assert {len(row) for row in rows} == {6}
    assert {row[1] for row in rows[1:]} == set(KINDS)
    assert {row[2] for row in rows[1:]} == set(ACTS)
    assert {row[3] for row in rows[1:]} == set(STANCES)


def test_cues_are_sorted_without_duplicates() -> None:
    keys = [tuple(line.split("\t")[:2]) for line in lines_of("cues.tsv")[1:]]
    assert keys == sorted(set(keys))
    assert len(keys) == len(cues())


def test_reversals_are_sorted_without_duplicates() -> None:
    words = [line.split("\t")[0] for line in lines_of("reversals.tsv")[1:]]
    assert words == sorted(set(words))


def test_every_source_is_explained() -> None:
    text = files("onrecord.lexicons").joinpath("SOURCES.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
    assert {entry.source for entry in cues().values()} == explained


def test_longer_verbs_say_more_than_the_verb_in_them() -> None:
    verbs = {tuple(entry.cue.split()): entry for entry in cues().values() if entry.kind == "verb"}
    idle = [
        (entry.cue, verbs[words[i:j]].cue)
        for words, entry in verbs.items()
        for i in range(len(words))
        for j in range(i + 1, len(words) + 1)
        if j - i < len(words) and words[i:j] in verbs
        if (verbs[words[i:j]].act, verbs[words[i:j]].stance) == (entry.act, entry.stance)
    ]
    assert idle == []


def test_irregular_forms_are_sorted_without_duplicates() -> None:
    rows = [line.split("\t") for line in lines_of("irregular.tsv")]
    assert rows[0] == ["form", "lemma"]
    assert {len(row) for row in rows} == {2}
    formed = [row[0] for row in rows[1:]]
    assert formed == sorted(set(formed))


@pytest.mark.parametrize(("cue", "kind"), cues(), ids="-".join)
def test_each_entry_is_found_by_its_own_words(cue: str, kind: str) -> None:
    assert find_cue(cue.split(), kind) == cues()[cue, kind]


def test_each_lemma_is_its_own_lemma() -> None:
    wrong = [
        (cue, kind, lemma)
        for cue, kind in cues()
        if kind != "phrase" and (lemma := lemma_of(cue.split()[0], kind)) != cue.split()[0]
    ]
    assert wrong == []


# Errors


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (SAY.replace("assert", "asert"), f"act 'asert' is not one of {', '.join(ACTS)}"),
        (SAY.replace("neutral", "pro"), "stance 'pro' is not one of support, oppose, neutral"),
        (SAY.replace("verb", "adverb"), "kind 'adverb' is not one of verb, noun, phrase"),
        (SAY.replace("onrecord", ""), "'say' has no source; give an id that SOURCES.md explains"),
        (SAY.rstrip(), "5 cells instead of 6; keep the last tab when the note is empty"),
        (SAY + "\textra", "7 cells instead of 6; keep the last tab when the note is empty"),
        (SAY + "note ", "'say' has a cell with a space at an end; remove the space"),
        (SAY.replace("say", "Say"), "cue 'Say' must be words in lower case with one space between them"),
        (SAY[3:], "cue '' must be words in lower case with one space between them"),
    ],
    ids=["act", "stance", "kind", "source", "too few", "too many", "space", "capital", "empty"],
)
def test_bad_rows(row: str, message: str) -> None:
    with pytest.raises(OnRecordError) as error:
        read_cues([HEADER, row])
    assert str(error.value) == f"lexicons/cues.tsv:2: {message}"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([HEADER, SAY, SAY], "3: 'say' (verb) stands twice; keep one row"),
        ([HEADER, WARN, SAY], "3: 'say' must stand before 'warn'; sort by cue, then kind"),
        (["cue\tkind\tact"], "1: the columns must be cue, kind, act, stance, source, note, not cue, kind, act"),
        ([HEADER + "\tmood"], f"1: the columns must be {', '.join(COLUMNS)}, not {', '.join(COLUMNS)}, mood"),
    ],
    ids=["duplicate", "order", "missing column", "unknown column"],
)
def test_bad_tables(lines: list[str], message: str) -> None:
    with pytest.raises(OnRecordError) as error:
        read_cues(lines)
    assert str(error.value) == f"lexicons/cues.tsv:{message}"


def test_good_table() -> None:
    assert [entry.cue for entry in read_cues([HEADER + "\n", SAY + "\n", WARN + "\n"])] == ["say", "warn"]
    assert read_cues([HEADER]) == []


def test_bad_irregular_row() -> None:
    with pytest.raises(OnRecordError, match=r"^lexicons/irregular\.tsv:2: 1 cells instead of 2"):
        read_irregular(["form\tlemma", "said"])


# Lookups


@pytest.mark.parametrize(
    ("cue", "expected"),
    [
        ("say", "say"),
        ("SAY", "say"),
        ("have repeatedly warn of", "warn"),
        ("be quote as say", "say"),
        ("was quoted as saying", "say"),
        ("the paper quote", "quote"),
        ("lash out at", "lash out"),
        ("call", "call"),
        ("call on", "call on"),
        ("speak of", "speak"),
        ("speak highly of", "speak highly of"),
        ("come out strongly against", "come out against"),
        ("make it clear", "make clear"),
        ("make known", "make known"),
        ("know", "know"),
        ("make the case for", "make case for"),
        ("set his sight on", "set sight on"),
        ("want to know", "want to know"),
        ("want to", "want"),
        ("according to", "according to"),
        ("accord to", "according to"),
        ("in the word of", "in the words of"),
        ("in the famous words of", "in the words of"),
        ("by her own account", "by own account"),
        ("feel confident", "confident"),
        ("be worried about", "worried"),
        ("tear into", "tear into"),
        ("torn", "torn"),
        ("plan to announce", "plan"),
        ("refuse to comment", "refuse"),
        ("express hope", "hope"),
        ("issue a warning", "warning"),
        ("say in response to a question", "say"),
        ("respond to criticism", "respond"),
        ("warn in an interview", "warn"),
        ("tear", None),
        ("express", None),
        ("lead", None),
        ("mean", None),
        ("leave", None),
        ("of", None),
        ("words", "word"),
        ("according", None),
        ("call it a very bad day on", "call"),
        ("", None),
    ],
    ids=str,
)
def test_find_cue(cue: str, expected: str | None) -> None:
    found = find_cue(cue.split())
    assert (found.cue if found else None) == expected


@pytest.mark.parametrize(
    ("cue", "kind", "expected"),
    [
        ("call", None, ("verb", "assert", "neutral")),
        ("call", "verb", ("verb", "assert", "neutral")),
        ("call", "noun", ("noun", "urge", "support")),
        ("question", "verb", ("verb", "ask", "oppose")),
        ("question", "noun", ("noun", "ask", "neutral")),
        ("announcement", "verb", ("noun", "assert", "neutral")),
        ("plan to announce", "noun", ("noun", "intend", "support")),
        ("determined", None, ("phrase", "intend", "support")),
        ("determine", None, ("verb", "decide", "neutral")),
        ("warning", None, ("noun", "warn", "oppose")),
        ("warning", "verb", ("verb", "warn", "oppose")),
    ],
)
def test_find_cue_with_kind(cue: str, kind: str | None, expected: tuple[str, str, str]) -> None:
    found = find_cue(cue.split(), kind)
    assert found is not None
    assert (found.kind, found.act, found.stance) == expected


@pytest.mark.parametrize(
    ("cue", "act", "stance"),
    [
        ("said", "assert", "neutral"),
        ("accused", "accuse", "oppose"),
        ("blasted", "criticize", "oppose"),
        ("fears", "feel", "oppose"),
        ("praised", "praise", "support"),
        ("embraced", "praise", "support"),
        ("hopes", "feel", "support"),
        ("vowed", "promise", "support"),
        ("denied", "deny", "oppose"),
        ("advised against", "urge", "oppose"),
        ("found", "show", "neutral"),
        ("ruled", "decide", "neutral"),
        ("ruled out", "deny", "oppose"),
        ("ordered", "demand", "support"),
        ("expects", "predict", "neutral"),
        ("criticised", "criticize", "oppose"),
    ],
)
def test_act_and_stance(cue: str, act: str, stance: str) -> None:
    found = find_cue(cue.split(), "verb")
    assert found is not None
    assert (found.act, found.stance) == (act, stance)


@pytest.mark.parametrize(
    ("lemma", "inflected"),
    [
        ("say", "say says said saying Said"),
        ("warn", "warns warned"),
        ("warning", "warning warnings"),
        ("deny", "denies denied denying"),
        ("beg", "begs begged begging"),
        ("tell", "tells told telling"),
        ("swear", "swears swore sworn swearing"),
        ("boast", "boasts boasted"),
        ("criticize", "criticizes criticized criticizing criticise criticises criticised criticising"),
        ("label", "labels labeled labelled labeling labelling"),
        ("regret", "regrets regretted regretting"),
        ("quiz", "quizzes quizzed quizzing"),
        ("veto", "vetoes vetoed"),
        ("agree", "agrees agreed agreeing"),
        ("see", "sees saw seen seeing"),
        ("find", "found"),
        ("be", "am is are was were been being"),
        ("have", "has had having"),
        ("do", "does did done doing"),
        ("belief", "beliefs"),
        ("favor", "favour favours favoured favouring favored"),
        ("defense", "defence"),
    ],
)
def test_lemma_of_known_words(lemma: str, inflected: str) -> None:
    assert {form: lemma_of(form) for form in inflected.split()} == dict.fromkeys(inflected.split(), lemma)


@pytest.mark.parametrize(
    ("lemma", "inflected"),
    [
        ("stop", "stops stopped stopping"),
        ("close", "closes closed closing"),
        ("pass", "passes passed passing"),
        ("control", "controls controlled controlling"),
        ("increase", "increases increased increasing"),
        ("invite", "invites invited inviting"),
        ("visit", "visits visited visiting"),
        ("belong", "belongs belonged belonging"),
        ("carry", "carries carried carrying"),
        ("play", "plays played playing"),
        ("develop", "developed developing"),
        ("focus", "focused focusing"),
        ("monitor", "monitored"),
        ("ignore", "ignored ignoring"),
        ("handle", "handled handling"),
        ("complete", "completed"),
        ("advertise", "advertised"),
    ],
)
def test_lemma_of_unknown_words(lemma: str, inflected: str) -> None:
    assert {form: lemma_of(form) for form in inflected.split()} == dict.fromkeys(inflected.split(), lemma)


@pytest.mark.parametrize(
    "word", ["bed", "bring", "his", "morning", "need", "news", "red", "series", "spring", "thus", "us", "he's"]
)
def test_lemma_of_leaves_alone(word: str) -> None:
    assert lemma_of(word) == word


@pytest.mark.parametrize(
    ("word", "kind", "lemma"),
    [
        ("warning", "verb", "warn"),
        ("warning", "noun", "warning"),
        ("finding", "verb", "find"),
        ("findings", "noun", "finding"),
        ("thought", None, "think"),
        ("thought", "verb", "think"),
        ("thought", "noun", "thought"),
        ("plans", "verb", "plan"),
        ("plans", "noun", "plan"),
    ],
)
def test_lemma_of_with_kind(word: str, kind: str | None, lemma: str) -> None:
    assert lemma_of(word, kind) == lemma


def test_lexicon_needs_no_spacy() -> None:
    code = "import sys, onrecord.lexicons as lexicons; lexicons.find_cue(['say']); sys.exit('spacy' in sys.modules)"
    root = Path(str(files("onrecord.lexicons"))).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
