"""`onrecord why`: the explanation of a record, and the user's own names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onrecord.cli import main

TEXT = "Mayor Ana Ruiz met Tom Hill. “We lost everything,” she said."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("why")
    (folder / "a.txt").write_text(TEXT, encoding="utf-8")
    (folder / "aliases.jsonl").write_text('{"label": "PERSON", "pattern": "Ana Ruiz", "id": "Q1"}\n', encoding="utf-8")
    assert run("extract", folder / "a.txt", "-o", folder / "out", "--aliases", folder / "aliases.jsonl").exit_code == 0
    return folder / "out"


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def claims(folder: Path) -> list[dict[str, dict[str, str]]]:
    return [json.loads(line) for line in (folder / "claims.jsonl").read_text(encoding="utf-8").splitlines()]


def test_names_of_the_users_own_carry_their_ids(folder: Path) -> None:
    assert [(claim["speaker"]["name"], claim["speaker"]["id"]) for claim in claims(folder)] == [("Ana Ruiz", "Q1")]


def test_an_explanation_names_source_rule_and_candidates(folder: Path) -> None:
    result = run("why", claims(folder)[0]["id"], folder)
    assert result.exit_code == 0, result.output
    assert "source     she" in result.output
    assert "Ana Ruiz (person)" in result.output
    assert "Tom Hill" in result.output


def test_the_same_as_json(folder: Path) -> None:
    told = json.loads(run("why", claims(folder)[0]["id"], folder, "--json").output)
    assert told["speaker"]["name"] == told["considered"][0]["name"] == "Ana Ruiz"
    assert told["considered"][0]["chance"] > told["considered"][1]["chance"]


def test_an_unknown_id_is_a_clear_error(folder: Path) -> None:
    result = run("why", "0" * 16, folder)
    assert result.exit_code == 1
    assert "no record" in result.output
