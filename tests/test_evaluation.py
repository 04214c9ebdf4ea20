"""Figures against gold: small cases worked out by hand, and equality with a second implementation on real articles."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from handmade import article, make, town, write_folder

from onrecord.cli import main
from onrecord.errors import OnRecordError
from onrecord.evaluation import evaluate, read_gold, read_labels, table
from onrecord.evaluation.matching import content_type, normalise, quoted_offsets
from onrecord.evaluation.meaning import calibration, share_half, speaker_right
from onrecord.records import Record

TEXT = "“It rains,” she said. Bob thinks that it snows."


def gold_line(doc_id: str = "a", text: str = TEXT, **items: list[list[list[int]]]) -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "text": text,
        "attributions": [{"id": key, **dict(zip(("source", "cue", "content"), item))} for key, item in items.items()],
    }


def write_lines(path: Path, *lines: Any) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def gold_path(tmp_path: Path) -> Path:
    line = gold_line(E1=[[[12, 15]], [[16, 20]], [[0, 11]]], E2=[[[22, 25]], [[26, 32]], [[33, 46]]])
    return write_lines(tmp_path / "gold.jsonl", line)


def records() -> list[Record]:
    one = article(TEXT)
    return [
        make(one, "“It rains,”", speaker="she", name="Ann Lee", cue="said", quotes=["It rains,"], confidence=0.9),
        make(one, "that it snows", speaker="she", cue="thinks", stance="oppose", target="it snows", confidence=0.3),
    ]


def test_spans_levels_and_types(gold_path: Path) -> None:
    result = evaluate(read_gold(gold_path), records())
    found = {level: row["hits"] for level, row in result["attributions"].items()}
    assert found == {"attr@0.5": 2, "attr+src@0.5": 1, "attr-full@0.5": 1}
    assert result["exact"]["content"]["f1"] == 100.0
    assert result["by_type"]["direct"]["attr@0.5"]["recall"] == {"value": 100.0, "hits": 1, "of": 1}
    assert result["by_type"]["mixed"]["attr@0.5"]["recall"]["value"] is None
    assert result["calibration"]["attribution"]["count"] == 2


def test_meaning(gold_path: Path, tmp_path: Path) -> None:
    label = {"doc_id": "a", "id": "E1", "speaker": "Dr. Lee", "kind": "person", "addressee": "Bob",
             "stance": ["support", "neutral"], "target": "rain", "target_name": None}  # fmt: skip
    other = {**label, "id": "E2", "speaker": "Bob", "kind": "anonymous", "addressee": None, "stance": "oppose",
             "target": "that it snows"}  # fmt: skip
    articles = read_gold(gold_path)
    labels = read_labels(write_lines(tmp_path / "labels.jsonl", label, other, {**label, "doc_id": "b"}), articles)
    result = evaluate(articles, records(), labels)
    meaning = result["meaning"]
    assert (meaning["matched"], meaning["speaker"], meaning["speaker exact"]) == (2, 50.0, 0.0)
    assert (meaning["stance"], meaning["target"], meaning["end to end F1"]) == (100.0, 50.0, 0.0)
    assert (meaning["addressee"]["gold"], meaning["addressee"]["r"]) == (1, 0.0)
    assert list(result["by_speaker_kind"]) == ["person", "anonymous"]
    assert "by speaker kind" in table(result)


def test_nested_records_are_left_out_and_other_articles_counted(tmp_path: Path) -> None:
    one, two = town()
    path = write_lines(tmp_path / "gold.jsonl", gold_line("one", one[0].text))
    result = evaluate(read_gold(path), [*one[1], *two[1]])
    assert (result["pred_attributions"], result["records_of_other_articles"]) == (2, 1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"doc_id": "a"}, "not a gold article"),
        (gold_line(E1=[[], [], [[3, 99]]]), r"gold.jsonl:1: attribution 0, content: \[3, 99\]"),
    ],
    ids=["no text", "span outside"],
)
def test_unusable_gold_is_named(tmp_path: Path, line: Any, message: str) -> None:
    with pytest.raises(OnRecordError, match=message):
        read_gold(write_lines(tmp_path / "gold.jsonl", line))


def test_records_of_another_text_are_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "gold.jsonl", gold_line(text=TEXT.replace("rains", "pours")))
    with pytest.raises(OnRecordError, match="gold text"):
        evaluate(read_gold(path), records())


def test_normalise_trims_and_joins() -> None:
    assert normalise(((0, 11),), TEXT) == ((1, 9),)
    assert normalise(((1, 3), (4, 9)), TEXT) == ((1, 9),)


def test_a_quotation_left_open_ends_with_its_line() -> None:
    text = "“One\ntwo”"
    assert quoted_offsets(text) == frozenset(range(5))
    assert content_type(frozenset(range(9)), text, quoted_offsets(text)) == "mixed"


def test_calibration_error() -> None:
    figures = calibration([(0.95, True), (0.95, False), (0.05, False), (None, True)])
    assert figures is not None
    assert figures["count"] == 3
    assert figures["ece"] == pytest.approx((2 * 45 + 1 * 5) / 3)
    assert calibration([(None, True)]) is None


def test_phrases_share_half_of_their_words() -> None:
    assert share_half("the old bridge", "bridge")
    assert not share_half("the old stone bridge", "bridge")
    assert share_half("it", "it")


def test_no_speaker_equals_no_speaker(tmp_path: Path) -> None:
    two = town()[1][1][0]
    label = {"doc_id": "two", "id": "E1", "speaker": None, "kind": "unknown", "addressee": None, "stance": "neutral",
             "target": None, "target_name": None}  # fmt: skip
    path = write_lines(tmp_path / "gold.jsonl", gold_line("two", "“It costs too much.”"))
    labels = read_labels(write_lines(tmp_path / "labels.jsonl", label), read_gold(path))
    assert speaker_right(labels["two", "E1"], two)


def test_command(gold_path: Path, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "output", [(article(TEXT), records())])
    run = CliRunner().invoke(main, ["evaluate", str(gold_path), str(folder), "--json"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["attributions"]["attr@0.5"]["f1"] == 100.0
    run = CliRunner().invoke(main, ["evaluate", str(gold_path), str(folder)])
    assert "attr-full@0.5" in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80


def as_record(doc_id: str, text: str, item: dict[str, Any], label: dict[str, Any]) -> Record:
    """Return a record made of a gold attribution and its label, a little off so that not all is right."""

    def span(pair: list[int]) -> dict[str, Any]:
        return {"start": pair[0], "end": pair[1], "text": text[pair[0] : pair[1]]}

    from onrecord.records import Range, record_id

    content = [span(pair) for pair in item["content"]]
    if len(content) == 1 and content[0]["end"] - content[0]["start"] > 30 and label["stance"] == "oppose":
        content = [span([content[0]["start"] + 12, content[0]["end"]])]
    cue = span(item["cue"][0]) if item["cue"] else None
    mention = span(item["source"][0]) if item["source"] else None
    every = [*content, *(part for part in (cue, mention) if part)]
    ids = [Range(start=part["start"], end=part["end"]) for part in content]
    first = content[0]["text"].split()[0]
    words = content[0]["start"] + content[0]["text"].index(first)
    return Record.model_validate(
        {
            "schema": "onrecord/1",
            "id": record_id(doc_id, Range(start=cue["start"], end=cue["end"]) if cue else None, ids),
            "doc": {"id": doc_id, "title": None, "url": None, "published": None},
            "type": "indirect",
            "speaker": {"name": mention and mention["text"], "kind": "person", "title": None, "id": None,
                        "mention": mention, "resolved": "name"},
            "cue": {**cue, "lemma": "say", "act": "assert", "negated": False} if cue else None,
            "content": {"text": " ".join(part["text"] for part in content), "spans": content, "quotes": []},
            "addressee": None,
            "stance": "neutral" if len(first) % 2 else "oppose",
            "target": {"name": None, "kind": "thing", "start": words, "end": words + len(first), "text": first},
            "other_targets": [],
            "within": None,
            "context": {"start": min(p["start"] for p in every), "end": max(p["end"] for p in every)},
            "confidence": {"attribution": 0.5, "speaker": None, "stance": None, "target": None},
        }
    )  # fmt: skip


def test_same_figures_as_the_second_implementation(gold: Path, tmp_path: Path) -> None:
    tools = gold.parent / "tools"
    if not (tools / "score_claims.py").is_file():
        pytest.skip(f"no score_claims.py in {tools}")
    sys.path.insert(0, str(tools))
    import score_attributions
    import score_claims

    gold_path, labels_path = gold / "polnear.dev.jsonl", gold / "meaning.dev.jsonl"
    labels = {(row["doc_id"], row["id"]): row for row in map(json.loads, labels_path.open(encoding="utf-8"))}
    lines = list(map(json.loads, gold_path.open(encoding="utf-8")))
    found = {}
    for row in lines[:40]:
        for item in row["attributions"]:
            if item["content"]:
                record = as_record(
                    row["doc_id"], row["text"], item, labels.get((row["doc_id"], item["id"]), {"stance": ""})
                )
                found[record.id] = record
    claims = write_lines(tmp_path / "claims.jsonl", *(record.to_dict() for record in found.values()))
    texts, items = score_attributions.read_documents(gold_path)
    theirs_claims = score_claims.read_claims(claims, texts)
    theirs = score_attributions.score(
        texts, items, {key: [item for item, _ in rows] for key, rows in theirs_claims.items()}
    )
    ids = {row["doc_id"]: [item["id"] for item in row["attributions"]] for row in lines}
    expected = score_claims.meaning(
        texts, items, ids, theirs_claims, {key: row for key, row in labels.items() if key[0] in texts}
    )
    articles = read_gold(gold_path)
    ours = evaluate(articles, found.values(), read_labels(labels_path, articles))
    for key in ("chars", "exact", "attributions", "by_type", "documents_missing_in_pred", "gold_attributions"):
        assert ours[key] == theirs[key], key
    for key, value in expected.items():
        if key != "counts":
            assert ours["meaning"][key.partition(" (")[0]] == pytest.approx(value), key
