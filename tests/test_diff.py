"""Two runs compared: which attributions belong together, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from handmade import article, make, town, write_folder

from onrecord.cli import main
from onrecord.diff import compare, describe
from onrecord.exports.results import Result
from onrecord.records import Record

TEXT = "Kim said the old bridge is closed, and Lee denied it."
ONE = article(TEXT)


def claim(content: str = "the old bridge is closed", **rest: str | None) -> Record:
    return make(ONE, content, **{"speaker": "Kim", "cue": "said", "stance": "neutral", "target": "bridge", **rest})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("new", "changes"),
    [
        ([claim()], []),
        ([], [("lost",)]),
        ([claim(), claim("it", speaker="Lee", cue="denied")], [("new",)]),
        ([claim("old bridge is closed")], [("moved",)]),
        ([claim("closed")], [("lost",), ("new",)]),
        ([claim(speaker="Lee")], [("re-attributed",)]),
        ([claim(stance="oppose")], [("stance flipped",)]),
        ([claim(target="it")], [("target changed",)]),
        ([claim("old bridge is closed", name="Lee", stance="support")], [("moved", "re-attributed", "stance flipped")]),
    ],
    ids=["same", "lost", "new", "moved", "elsewhere", "re-attributed", "flipped", "target", "all at once"],
)
def test_changes(new: list[Record], changes: list[tuple[str, ...]]) -> None:
    difference = compare([(ONE, [claim()])], [(ONE, new)])
    assert [change.kinds for change in difference.changes] == changes
    assert difference.same == (not changes or changes == [("new",)])
    assert all(describe(change) for change in difference.changes)


def test_the_closest_overlap_wins() -> None:
    old = [claim("the old bridge is closed"), claim("bridge is closed", cue="denied")]
    new = [claim("old bridge is closed"), claim("bridge is closed", speaker="Lee", cue="denied")]
    difference = compare([(ONE, old)], [(ONE, new)])
    assert [change.kinds for change in difference.changes] == [("moved",), ("re-attributed",)]


def test_a_changed_text_is_compared_by_words() -> None:
    later = article("Update: " + TEXT)
    moved = make(later, "the old bridge is closed", speaker="Kim", cue="said", target="bridge")
    difference = compare([(ONE, [claim()])], [(later, [moved])])
    assert [change.kinds for change in difference.changes] == [("moved",)]


def test_an_article_in_one_run_alone() -> None:
    assert compare(town(), town()[:1]).counts()["lost"] == 1
    assert compare([], town()).counts()["new"] == 4


@pytest.fixture
def folders(tmp_path: Path) -> Callable[[list[Result], list[Result]], list[str]]:
    def write(old: list[Result], new: list[Result]) -> list[str]:
        return [str(write_folder(tmp_path / name, results)) for name, results in (("old", old), ("new", new))]

    return write


def test_command_gates(folders: Callable[[list[Result], list[Result]], list[str]]) -> None:
    pair = folders(town(), town()[:1])
    run = CliRunner().invoke(main, ["diff", *pair])
    assert run.exit_code == 0, run.output
    assert "1 changed (0 new, 1 lost" in run.stdout
    assert CliRunner().invoke(main, ["diff", *pair, "--max-changes", "1"]).exit_code == 0
    run = CliRunner().invoke(main, ["diff", *pair, "--max-changes", "0", "--json"])
    assert run.exit_code == 1
    data = json.loads(run.stdout)
    assert (data["same"], data["counts"]["lost"], data["changes"][0]["new"]) == (3, 1, None)
