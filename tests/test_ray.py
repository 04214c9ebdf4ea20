"""`--engine ray` on a local Ray with two workers: the bytes of a plain run, and finished shards are not made again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import ROOT

from onrecord.batch import cluster
from onrecord.batch.folder import ARTICLES, CLAIMS, FILES, REJECTS, RUN
from onrecord.cli import main

needs_ray = pytest.mark.skipif(
    not all(map(find_spec, ("ray", "pyarrow", "pandas"))), reason="needs Ray: pip install 'onrecord[ray]'"
)
RESULTS = (CLAIMS, ARTICLES, REJECTS)


@pytest.fixture(scope="module")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A local Ray, started once; runs that find it there use it."""
    with pytest.MonkeyPatch.context() as patch:
        # Workers import this folder's stand-ins for models, by name.
        patch.setenv("PYTHONPATH", ":".join([str(ROOT / "tests"), *filter(None, sys.path)]))
        with cluster.connected(cluster.Cluster(address="local", workers=2)):
            yield


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with lines and files, duplicates of both in the other, and what is no article."""
    folder = tmp_path / "in"
    folder.mkdir()
    names = ("Ana Ruiz", "Tom Hale", "Mia Wong", "Sam Reed")
    rows = [
        {"id": f"n{number}", "text": f"“We lost {number} seats,” Senator {names[number % 4]} said on Monday."}
        for number in range(20)
    ]
    lines = [json.dumps(row) for row in rows]
    lines[7:7] = ["{torn", json.dumps({"id": "n3", "text": "Again."})]
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "b.jsonl").write_text("\n".join(lines[10:15]) + "\n", encoding="utf-8")
    (folder / "n1.txt").write_text("The same name again, said Ana Ruiz.", encoding="utf-8")
    (folder / "o.txt").write_text("Officials warned that the bridge would close.", encoding="utf-8")
    (folder / "p.txt").write_text(" \n", encoding="utf-8")
    return folder


def onrecord(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def on_ray(source: Path, output: Path, *options: object) -> Result:
    shards = ("--engine", "ray", "--workers", 2, "--shard-size", 6)
    return onrecord("extract", source, "-o", output, "--quiet", *shards, *options)


def contents(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in RESULTS}


@needs_ray
@pytest.mark.usefixtures("ray")
def test_same_bytes_and_resume(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "BUNDLE_BYTES", 1)  # so that each file is read by a task of its own
    plain, out = tmp_path / "plain", tmp_path / "out"
    assert onrecord("extract", source, "-o", plain, "--quiet", "--workers", 1).exit_code == 1  # there are rejects
    result = on_ray(source, out)
    assert result.exit_code == 1, result.output
    assert contents(out) == contents(plain)
    assert len(contents(out)[CLAIMS].splitlines()) > 15
    assert onrecord("verify", out).exit_code == 0
    refused = on_ray(source, out)
    assert (refused.exit_code, "holds a finished run" in refused.output) == (1, True)

    # The end of a crash: nothing merged, one shard torn, one not begun.
    runs = sorted((out / "shards").rglob(RUN))
    assert len(runs) > 5
    for name in FILES:
        (out / name).unlink()
    torn, gone, kept = runs[0], runs[1], runs[2:]
    torn.write_text(json.dumps({**json.loads(torn.read_text()), "finished": None}))
    (torn.parent / ARTICLES).write_bytes((torn.parent / ARTICLES).read_bytes()[:-10])
    for path in gone.parent.iterdir():
        path.unlink()
    before = [path.stat().st_mtime_ns for path in kept]
    assert on_ray(source, out, "--resume").exit_code == 1
    assert contents(out) == contents(plain)
    assert [path.stat().st_mtime_ns for path in kept] == before


@needs_ray
@pytest.mark.usefixtures("ray")
def test_article_that_kills_its_worker(tmp_path: Path) -> None:
    """It costs itself, as in a plain run, and its shard goes on."""
    rows = [{"id": number, "text": "DIE" if number == 4 else f"Article {number}."} for number in range(9)]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = on_ray(tmp_path / "in.jsonl", tmp_path / "out", "--factory", "factories:quick")
    assert result.exit_code == 1, result.output
    assert json.loads((tmp_path / "out" / RUN).read_text())["reasons"] == {"worker-died": 1}
    assert [json.loads(line)["id"] for line in contents(tmp_path / "out")[ARTICLES].splitlines()] == list("01235678")


@needs_ray
@pytest.mark.usefixtures("ray")
def test_broken_model_is_told(source: Path, tmp_path: Path) -> None:
    result = on_ray(source, tmp_path / "out", "--factory", "factories:broken")
    assert result.exit_code == 1
    assert "Error: base model 'none' is not installed" in result.output


def test_missing_ray_is_named(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda package: None)
    result = on_ray(source, tmp_path / "out")
    assert result.exit_code == 1
    assert "pip install 'onrecord[ray]'" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "args",
    [
        ["extract", "-", "-o", "x", "--engine", "ray"],
        ["extract", "seeds", "-o", "-", "--engine", "ray"],
        ["extract", "seeds", "-o", "x", "--engine", "ray", "--limit", "3"],
        ["extract", "seeds", "-o", "x", "--ray-address", "auto"],
        ["extract", "seeds", "-o", "x", "--shard-size", "9"],
    ],
)
def test_wrong_usage(args: list[str]) -> None:
    assert onrecord(*args).exit_code == 2
