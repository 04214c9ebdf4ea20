"""What README says must be so: its Python runs, its excerpt is what comes out, its commands exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT

from onrecord.cli import main

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs_and_prints_what_is_said(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    for said in re.findall(r"^# (.+)$|print\(.+\)\s+# (.+)$", code, re.MULTILINE):
        assert "".join(said) in printed


def test_the_excerpt_is_real(seed_claims: list[dict[str, object]]) -> None:
    excerpt = json.loads(blocks("json")[0])
    same = next(claim for claim in seed_claims if claim["id"] == excerpt["id"])
    assert {**excerpt, "confidence": None} == {**same, "confidence": None}


def test_commands_named_in_the_readme_exist() -> None:
    named = set(re.findall(r"onrecord ([a-z]+) ", "\n".join(blocks("console"))))
    assert named
    assert named <= set(main.commands)


def test_every_command_is_in_the_readme() -> None:
    assert [name for name in main.commands if f"onrecord {name}" not in README] == []


def test_main_job_on_the_seeds(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["extract", str(ROOT / "seeds"), "-o", str(tmp_path / "out"), "--quiet"])
    assert result.exit_code == 0, result.output
    assert CliRunner().invoke(main, ["verify", str(tmp_path / "out")]).exit_code == 0
