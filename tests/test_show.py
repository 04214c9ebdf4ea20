"""Results in the terminal: what is shown, that nothing in it steers the terminal, and that it fits."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from handmade import HOSTILE, hostile, town, write_folder
from rich.console import Console

from onrecord.cli import main
from onrecord.cli.show import SORTS as OFFERED
from onrecord.records import Record
from onrecord.show import SORTS, Filters, safe, show, sort_records

RECORDS: list[Record] = [record for _, records in town() for record in records]


def shown(records: list[Record], *, width: int = 80, limit: int = 0, cards: bool = False, colour: bool = False) -> str:
    file = io.StringIO()
    show(
        records, limit=limit, cards=cards, console=Console(file=file, width=width, markup=False, force_terminal=colour)
    )
    return file.getvalue()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("plain [red]words[/red]", "plain [red]words[/red]"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("one\ntwo\r\nthree\rfour", "one two three\\x0dfour"),
        ("\u202eevil\u2069 \u2028\ufeff", "\\u202eevil\\u2069 \\u2028\\ufeff"),
        ("\x9bC1 \x7f \ud800", "\\x9bC1 \\x7f \\ud800"),
        ("👩‍👧 soft\u00adhyphen", "👩‍👧 soft\u00adhyphen"),
    ],
    ids=["markup", "escape", "lines", "bidi", "C1", "harmless"],
)
def test_safe(words: str, expected: str) -> None:
    assert safe(words) == expected


@pytest.mark.parametrize(
    ("filters", "contents"),
    [
        (Filters(speaker="ruiz"), ["“The bridge is safe,” “and it stays open.”"]),
        (Filters(target="KIM"), ["that Kim admitted the tunnel leaks"]),
        (Filters(stance="oppose"), ["that Kim admitted the tunnel leaks", "the tunnel leaks"]),
        (Filters(type="mixed", doc="costs"), []),
        (Filters(doc="costs"), ["“It costs too much.”"]),
        (Filters(stance="oppose", min_confidence=0.5), ["that Kim admitted the tunnel leaks"]),
    ],
    ids=["speaker", "target", "stance", "type", "doc", "confidence"],
)
def test_filters(filters: Filters, contents: list[str]) -> None:
    assert [record.content.text for record in RECORDS if filters.accept(record)] == contents


def test_offers_every_sort() -> None:
    assert SORTS == OFFERED


@pytest.mark.parametrize("key", SORTS)
def test_every_sort_keeps_every_record(key: str) -> None:
    assert {record.id for record in sort_records(RECORDS, key)} == {record.id for record in RECORDS}


def test_sorts_by_confidence_downwards() -> None:
    assert [record.confidence.attribution for record in sort_records(RECORDS, "confidence")] == [0.9, 0.9, 0.6, 0.4]


@pytest.mark.parametrize("cards", [False, True], ids=["table", "cards"])
@pytest.mark.parametrize("width", [80, 40])
def test_fits_and_says_all(cards: bool, width: int) -> None:
    output = shown(RECORDS, width=width, cards=cards)
    assert max(map(len, output.splitlines())) <= width
    assert output.startswith("4 attributions · 2 articles · 3 speakers")
    assert "Ruiz" in output
    assert "support" in output


def test_limit_says_what_is_left() -> None:
    assert "3 more" in shown(RECORDS, limit=1)
    assert shown([]) == "no attributions match\n"


@pytest.mark.parametrize("cards", [False, True], ids=["table", "cards"])
def test_hostile_text_is_only_text(cards: bool) -> None:
    records = [record for _, found in hostile() for record in found]
    output = shown(records, cards=cards)
    assert not set(output) & set("\x1b\x07\r\u202e\u2066")
    assert "[red]" in output
    assert "\\x1b" in output
    assert len(HOSTILE) == len(records)


def test_colour_only_on_a_terminal() -> None:
    assert "\x1b[" in shown(RECORDS, colour=True)
    assert "\x1b[" not in shown(RECORDS)


def test_command_json_goes_through_a_pipe(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "output", town())
    run = CliRunner().invoke(main, ["show", str(folder), "--stance", "oppose", "--json"])
    assert run.exit_code == 0, run.output
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line["speaker"]["name"] for line in lines] == ["Critics", "Kim"]
    again = CliRunner().invoke(main, ["show", "-", "--json"], input=run.stdout)
    assert again.stdout == run.stdout


def test_head_ends_it_quietly(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "output", town())
    command = f'"{sys.executable}" -m onrecord show "{folder}" --cards | head -1'
    run = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=120)
    assert run.stdout.startswith("4 attributions")
    assert run.stderr == ""


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    path.write_text('{"id": 1}\n', encoding="utf-8")
    run = CliRunner().invoke(main, ["show", str(path)])
    assert run.exit_code == 1
    assert "claims.jsonl:1: not a record" in run.stderr
