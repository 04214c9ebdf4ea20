"""Each format is read back by a program that uses it; hostile words stay words, hostile ids stay out of file names."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from handmade import article, hostile, make, town, write_folder

from onrecord.batch.folder import CLAIMS
from onrecord.cli import main
from onrecord.cli.export import FORMATS as OFFERED
from onrecord.errors import OnRecordError
from onrecord.exports import FORMATS, export, read_results
from onrecord.exports.brat import file_name
from onrecord.exports.results import Result
from onrecord.records import Record

NEEDS = {"parquet": "pyarrow"}


def library(name: str) -> Any:
    return pytest.importorskip(name, reason=f"needs {name}: pip install '.[interop]'")


def written(results: list[Result], form: str, path: Path) -> Path:
    if form in NEEDS:
        library(NEEDS[form])
    export(results, form, path)
    return path


def records(results: list[Result]) -> list[Record]:
    return [record for _, found in results for record in found]


def test_offers_every_format() -> None:
    assert tuple(FORMATS) == OFFERED


def test_results_come_back(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "output", [*town(), *hostile()])
    back = list(read_results(folder))
    assert [(one.id, one.text, one.url) for one, _ in back] == [
        (one.id, one.text, one.url) for one, _ in [*town(), *hostile()]
    ]
    assert records(back) == records([*town(), *hostile()])


def test_claims_without_their_article_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "output", town())
    (folder / "articles.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(OnRecordError, match="'one' is not in"):
        list(read_results(folder))


# --- CSV


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv(tmp_path: Path) -> None:
    rows = read_csv(written(town(), "csv", tmp_path / "claims.csv"))
    assert [row["speaker"] for row in rows] == ["Ana Ruiz", "Critics", "Kim", ""]
    assert rows[0]["content"] == "“The bridge is safe,” “and it stays open.”"
    assert rows[2]["within"] == rows[1]["id"]
    assert [row["confidence_attribution"] for row in rows] == ["0.9", "0.6", "0.4", "0.9"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "＝", " =", "\u200b+"])
def test_csv_runs_no_formula(start: str, tmp_path: Path) -> None:
    one = article(f"Kim said {start}1+1; so.", title=f"{start}cmd|' /C calc'!A0")
    record = make(one, f"{start}1+1", speaker="Kim", cue="said", name=f"{start}SUM(A1)")
    (row,) = read_csv(written([(one, [record])], "csv", tmp_path / "claims.csv"))
    for key in ("title", "speaker", "content"):
        assert row[key].startswith("'" + start), key


def test_csv_of_hostile_words_keeps_all_but_control_characters(tmp_path: Path) -> None:
    rows = read_csv(written(hostile(), "csv", tmp_path / "claims.csv"))
    words = [re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "\ufffd", r.content.text) for r in records(hostile())]
    assert [row["content"] for row in rows] == words
    assert "\ufffd" in "".join(words)


def test_csv_in_pandas(tmp_path: Path) -> None:
    pandas = library("pandas")
    frame = pandas.read_csv(written(town(), "csv", tmp_path / "claims.csv"))
    assert frame.groupby("stance")["id"].count().to_dict() == {"neutral": 1, "oppose": 2, "support": 1}


# --- Parquet and JSONL in data-frame libraries, without a schema given


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Path]:
    folder = write_folder(tmp_path / "output", town())
    return {"jsonl": folder / CLAIMS, "parquet": written(town(), "parquet", tmp_path / "claims.parquet")}


def test_parquet_holds_every_key(tables: dict[str, Path]) -> None:
    parquet = library("pyarrow.parquet")
    table = parquet.read_table(tables["parquet"])
    assert table.schema.metadata[b"schema"] == b"onrecord/1"
    assert table.to_pylist() == [record.to_dict() for record in records(town())]


def test_parquet_without_records_keeps_its_types(tmp_path: Path) -> None:
    parquet = library("pyarrow.parquet")
    table = parquet.read_table(written([], "parquet", tmp_path / "none.parquet"))
    assert table.num_rows == 0
    assert table.schema.names == list(records(town())[0].to_dict())


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_pandas(tables: dict[str, Path], kind: str) -> None:
    pandas = library("pandas")
    path = tables[kind]
    frame = pandas.read_json(path, lines=True) if kind == "jsonl" else pandas.read_parquet(path)
    names = frame["speaker"].map(lambda speaker: speaker["name"])
    assert frame.groupby(names)["stance"].first().to_dict() == {
        "Ana Ruiz": "support",
        "Critics": "oppose",
        "Kim": "oppose",
    }


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_polars(tables: dict[str, Path], kind: str) -> None:
    polars = library("polars")
    frame = polars.read_ndjson(tables[kind]) if kind == "jsonl" else polars.read_parquet(tables[kind])
    assert frame["speaker"].struct.field("name").to_list() == ["Ana Ruiz", "Critics", "Kim", None]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_duckdb(tables: dict[str, Path], kind: str) -> None:
    duckdb = library("duckdb")
    query = f"select speaker.name, count(*) from '{tables[kind]}' where stance = 'oppose' group by 1 order by 1"
    assert duckdb.sql(query).fetchall() == [("Critics", 1), ("Kim", 1)]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_datasets(tables: dict[str, Path], kind: str, tmp_path: Path) -> None:
    datasets = library("datasets")
    builder = {"jsonl": "json", "parquet": "parquet"}[kind]
    rows = datasets.load_dataset(
        builder, data_files=str(tables[kind]), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert [row["content"]["text"] for row in rows] == [record.content.text for record in records(town())]


# --- Web Annotation


def reanchor(text: str, selector: dict[str, str]) -> int:
    """Return where the quoted words are, by their surroundings."""
    found = [match.start() for match in re.finditer(re.escape(selector["exact"]), text)]
    around = selector["prefix"] + selector["exact"] + selector["suffix"]
    best = [start for start in found if text[max(0, start - len(selector["prefix"])) :].startswith(around)]
    return (best or found)[0]


def selections(page: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [part for item in page["items"] for part in (*item["target"], *item["body"])]
    return [part for part in parts if "selector" in part]


def test_webannotation_finds_the_words_again(tmp_path: Path) -> None:
    page = json.loads(written(town(), "webannotation", tmp_path / "page.json").read_text(encoding="utf-8"))
    assert page["type"] == "AnnotationPage"
    texts = {"https://news.example/one?a=1&b=2": town()[0][0].text, "urn:onrecord:document:two": town()[1][0].text}
    assert len(selections(page)) == 15
    for part in selections(page):
        position, quote = part["selector"]
        text = texts[part["source"]]
        assert text[position["start"] : position["end"]] == quote["exact"]
        changed = "A line that was not there.\n" + text
        start = reanchor(changed, quote)
        assert start == position["start"] + len(changed) - len(text)


def test_webannotation_sources_are_addresses(tmp_path: Path) -> None:
    page = json.loads(written(hostile(), "webannotation", tmp_path / "page.json").read_text(encoding="utf-8"))
    sources = {part["source"] for part in selections(page)}
    assert all(re.fullmatch(r"urn:onrecord:document:[\w.%~-]+", source) for source in sources)


# --- Label Studio


def test_labelstudio_tasks_fit_the_interface(tmp_path: Path) -> None:
    folder = written([*town(), *hostile()], "labelstudio", tmp_path / "studio")
    tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    interface = ElementTree.parse(folder / "labels.xml").getroot()
    controls = {node.get("name") for node in interface.iter() if node.get("toName") == "text"}
    labels = {node.get("value") for node in interface.iter("Label")}
    for task in tasks:
        text, result = task["data"]["text"], task["predictions"][0]["result"]
        regions = [item for item in result if item["type"] == "labels"]
        keys = [item["id"] for item in regions]
        assert len(set(keys)) == len(keys)
        for item in regions:
            value = item["value"]
            assert text[value["start"] : value["end"]] == value["text"]
            assert set(value["labels"]) <= labels
        assert all(item["from_name"] in controls for item in result if item["type"] != "relation")
        links = [item for item in result if item["type"] == "relation"]
        assert all(item["from_id"] in keys and item["to_id"] in keys for item in links)


def test_labelstudio_sdk_accepts_the_tasks(tmp_path: Path) -> None:
    interface = library("label_studio_sdk.label_interface")
    folder = written(town(), "labelstudio", tmp_path / "studio")
    checker = interface.LabelInterface((folder / "labels.xml").read_text(encoding="utf-8"))
    checker.validate()
    for task in json.loads((folder / "tasks.json").read_text(encoding="utf-8")):
        (prediction,) = task.pop("predictions")
        assert checker.validate_task(task)
        # The SDK's check knows regions alone; relations are checked above.
        prediction["result"] = [item for item in prediction["result"] if item["type"] != "relation"]
        assert checker.validate_prediction(prediction, return_errors=True) == []


def test_labelstudio_converter_keeps_what_was_said(tmp_path: Path) -> None:
    """Predictions that an annotator accepted come out of the SDK's converter with words, roles and stances."""
    converter = library("label_studio_sdk.converter")
    folder = written(town(), "labelstudio", tmp_path / "studio")
    tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    for number, task in enumerate(tasks):
        task.update(id=number, annotations=[{"id": number, **task.pop("predictions")[0]}])
    (tmp_path / "accepted.json").write_text(json.dumps(tasks), encoding="utf-8")
    studio = converter.Converter((folder / "labels.xml").read_text(encoding="utf-8"), None, download_resources=False)
    (tmp_path / "out").mkdir()
    studio.convert_to_json_min(str(tmp_path / "accepted.json"), str(tmp_path / "out"), is_dir=False)
    first = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))[0]
    roles = [(region["labels"], region["text"]) for region in first["role"]]
    assert (["Speaker"], "Mayor Ruiz") in roles
    assert (["Content"], "“and it stays open.”") in roles
    assert first["stance"] == ["support", "oppose", "oppose"]


def test_labelstudio_without_articles(tmp_path: Path) -> None:
    assert json.loads((written([], "labelstudio", tmp_path / "s") / "tasks.json").read_text(encoding="utf-8")) == []


# --- brat

ENTITY = re.compile(r"(T\d+)\t(\w+) (\d+ \d+(?:;\d+ \d+)*)\t(.*)")


def read_ann(path: Path) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Parse a .ann strictly; returns entities as (label, words), checked against the text, and all other lines."""
    text = path.with_suffix(".txt").read_bytes().decode("utf-8")
    entities, others = {}, []
    for line in path.read_bytes().decode("utf-8").split("\n")[:-1]:
        match = ENTITY.fullmatch(line)
        if match is None:
            assert re.fullmatch(
                r"(R\d+\t\w+ Arg1:T\d+ Arg2:T\d+|A\d+\t\w+ T\d+( \w+)?|#\d+\tAnnotatorNotes T\d+\t.*)", line
            ), line
            others.append(line)
            continue
        key, label, offsets, words = match.groups()
        pieces = [text[int(start) : int(end)] for start, end in (pair.split() for pair in offsets.split(";"))]
        assert " ".join(pieces).replace("\t", " ") == words
        entities[key] = (label, words)
    return entities, others


def test_brat(tmp_path: Path) -> None:
    folder = written(town(), "brat", tmp_path / "brat")
    index = [json.loads(line) for line in (folder / "documents.jsonl").open(encoding="utf-8")]
    entities, others = read_ann(folder / f"{index[0]['file']}.ann")
    assert ("Content", "“The bridge is safe,” “and it stays open.”") in entities.values()
    assert {line.split("\t")[1].split()[0] for line in others if line[0] == "R"} == {
        "speaker",
        "cue",
        "target",
        "addressee",
    }
    for key, label in re.findall(r"A\d+\tstance (T\d+) (\w+)", "\n".join(others)):
        assert entities[key][0] == "Content"
        assert label in ("support", "oppose", "neutral")


def test_brat_cuts_spans_at_line_breaks(tmp_path: Path) -> None:
    one = article("Kim said this\r\n\nand that.")
    folder = written([(one, [make(one, "this\r\n\nand that", speaker="Kim", cue="said")])], "brat", tmp_path / "brat")
    (path,) = folder.glob("*.ann")
    assert ("Content", "this and that") in read_ann(path)[0].values()


def test_brat_of_hostile_articles(tmp_path: Path) -> None:
    folder = written(hostile(), "brat", tmp_path / "brat")
    paths = list(folder.glob("*.ann"))
    assert len(paths) == len(hostile())
    for path in paths:
        read_ann(path)


@pytest.mark.parametrize("doc_id", ["../../x", "/etc/x", "CON", "a\0b", "x" * 300, "a/b", "A/B", "é", "\ud800", ""])
def test_file_names_are_safe(doc_id: str) -> None:
    assert re.fullmatch(r"([a-z0-9-]{1,40}-)?[0-9a-f]{12}", file_name(doc_id))


def test_file_names_differ() -> None:
    ids = ["a/b", "a b", "A/B", "a-b"]
    assert len({file_name(doc_id).casefold() for doc_id in ids}) == len(ids)


# --- DocBin


def test_docbin(tmp_path: Path) -> None:
    import spacy
    from spacy.tokens import DocBin

    path = written([*town(), *hostile()], "docbin", tmp_path / "claims.spacy")
    docs = list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))
    assert [doc.text for doc in docs] == [one.text for one, _ in [*town(), *hostile()]]
    for doc, (one, found) in zip(docs, [*town(), *hostile()]):
        assert doc._.onrecord["article"]["id"] == one.id
        assert [Record.model_validate(record) for record in doc._.onrecord["records"]] == list(found)
    spans = docs[0].spans["onrecord_content"]
    assert [span.id_ for span in spans] == [docs[0]._.onrecord["records"][i]["id"] for i in (0, 0, 1, 2)]
    assert [span.text for span in docs[0].spans["onrecord_cue"]] == ["told", "say", "admitted"]


# --- The command


def test_command(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "output", town())
    run = CliRunner().invoke(main, ["export", str(folder), "--to", "brat", "-o", str(tmp_path / "brat")])
    assert run.exit_code == 0, run.output
    run = CliRunner().invoke(main, ["export", str(folder), "--to", "brat", "-o", str(tmp_path / "brat")])
    assert run.exit_code == 1
    assert "is not empty" in run.stderr
    run = CliRunner().invoke(main, ["export", str(folder), "--to", "csv", "-o", str(tmp_path / "no" / "x.csv")])
    assert run.exit_code == 1
    assert "cannot write" in run.stderr
