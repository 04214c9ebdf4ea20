"""What README and docs/ say must be so: their code runs, the excerpt is what comes out, the commands exist."""

from __future__ import annotations

import ast
import doctest
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from conftest import ROOT

from onrecord import pipeline
from onrecord.cli import main

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
HEADING_OR_BLOCK = re.compile(r"^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Installing is for .ci/run, which does it in virtual environments of its own.
INSTALLS = "python3 -m venv"
NEWS = "Mayor Ana Ruiz said that the bridge is safe. “It costs too much,” Kim Lee told reporters.\n"


class Block(NamedTuple):
    language: str
    code: str

    def missing(self) -> list[str]:
        """Return the libraries or programs that it needs and that are not here."""
        if self.language == "console":
            return [name for name in re.findall(r"(?:^\$|\|) ([\w-]+)", self.code, re.MULTILINE) if not found(name)]
        return [name for name in imported(self.code) if not find_spec(name)]


def found(program: str) -> str | None:
    return shutil.which(program, path=environment()["PATH"])


def imported(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def environment() -> dict[str, str]:
    """Return the environment of a user with onrecord on the path, and with no network for what would use it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "HF_HUB_OFFLINE": "1", "PYTHONIOENCODING": "utf-8"}


def sections() -> dict[str, list[Block]]:
    """Return the blocks under each heading, in order: later ones may build on earlier ones."""
    found: dict[str, list[Block]] = {}
    for page in PAGES:
        heading = ""
        for title, language, code in HEADING_OR_BLOCK.findall(page.read_text(encoding="utf-8")):
            heading = title or heading
            if language in ("python", "console") and INSTALLS not in code:
                found.setdefault(f"{page.name}: {heading}", []).append(Block(language, code))
    return found


SECTIONS = sections()


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of README's main job."""
    folder = tmp_path_factory.mktemp("results") / "output"
    result = CliRunner().invoke(main, ["extract", str(ROOT / "seeds"), "-o", str(folder), "--quiet"])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def desk(results: Path, tmp_path: Path) -> Path:
    """A folder with all that the blocks read: what README calls seeds, output, news, dump.jsonl.gz, article.txt."""
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    shutil.copytree(results, tmp_path / "output")
    (tmp_path / "news").mkdir()
    for path in ("news/one.txt", "news/two.txt", "article.txt"):
        (tmp_path / path).write_text(NEWS, encoding="utf-8")
    with gzip.open(tmp_path / "dump.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({"id": key, "body": NEWS}) + "\n" for key in ("three", "four"))
    return tmp_path


@pytest.mark.parametrize("blocks", SECTIONS.values(), ids=SECTIONS)
def test_code_runs_and_prints_what_is_said(blocks: list[Block], desk: Path) -> None:
    for block in blocks:
        if missing := block.missing():
            pytest.skip(f"needs {', '.join(missing)}: pip install '.[interop]'; jq comes with your system")
        printed = "".join(run(command, desk) for command in commands(block, desk))
        assert printed or "-o -" not in block.code
        for said in re.findall(r"^# (.+)$|print\(.+\)\s+# (.+)$", block.code, re.MULTILINE):
            assert "".join(said) in printed.splitlines()


def commands(block: Block, desk: Path) -> list[list[str]]:
    """Return what a user would start: each line of a console, or Python with the code as a file."""
    if block.language == "console":
        return [["bash", "-o", "pipefail", "-c", line[2:]] for line in block.code.splitlines() if line.startswith("$ ")]
    (desk / "recipe.py").write_text(block.code, encoding="utf-8")
    return [[sys.executable, "recipe.py"]]


def run(command: list[str], desk: Path) -> str:
    env = {**environment(), "HF_HOME": str(desk / "cache")}
    done = subprocess.run(command, cwd=desk, env=env, capture_output=True, encoding="utf-8", check=False, timeout=600)
    assert done.returncode == 0, f"{command[-1]}\n{done.stderr}"
    return done.stdout


def test_the_excerpt_is_real(seed_claims: list[dict[str, object]]) -> None:
    excerpt = json.loads(blocks("json"))
    same = next(claim for claim in seed_claims if claim["id"] == excerpt["id"])
    assert {**excerpt, "confidence": None} == {**same, "confidence": None}


def test_commands_named_in_the_readme_exist() -> None:
    named = set(re.findall(r"onrecord ([a-z]+) ", blocks("console")))
    assert named
    assert named <= set(main.commands)


def blocks(language: str) -> str:
    return "\n".join(code for _, name, code in HEADING_OR_BLOCK.findall(README) if name == language)


def test_every_command_is_in_the_readme() -> None:
    assert [name for name in main.commands if f"onrecord {name}" not in README] == []


def test_main_job_on_the_seeds(results: Path) -> None:
    assert CliRunner().invoke(main, ["verify", str(results)]).exit_code == 0


def test_pages_that_are_linked_exist() -> None:
    for page in (*PAGES, ROOT / "CONTRIBUTING.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_examples_in_docstrings_run() -> None:
    failed, tried = doctest.testmod(pipeline)
    assert tried
    assert not failed


def test_readme_python_is_typed() -> None:
    """What a user copies passes strict type checks."""
    api = pytest.importorskip("mypy.api", reason="needs mypy: pip install '.[dev]'")
    code = "\n".join(block.code for name, found in SECTIONS.items() if name == "README.md: Python" for block in found)
    said, wrong, status = api.run(["--strict", "--ignore-missing-imports", "--config-file=", "-c", code])
    assert status == 0, said + wrong
