"""Shards and merging: slices of the input processed apart, in any order, come together as the bytes of one run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from onrecord.batch import merge as merging
from onrecord.batch.folder import ARTICLES, CLAIMS, REJECTS, RUN
from onrecord.batch.merge import merge
from onrecord.batch.pool import Pool
from onrecord.batch.run import Crew, Options, run
from onrecord.batch.shards import Shard, process_shard, slices
from onrecord.cli import main
from onrecord.errors import OnRecordError
from onrecord.readers import Article, Reject, read_sources
from onrecord.readers.articles import Source
from onrecord.readers.finding import find
from onrecord.readers.reading import read_files

CREW = Crew(workers=1, factory="factories:quick")
RESULTS = (CLAIMS, ARTICLES, REJECTS)


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    """Files with articles that fail, lines that are none, and ids that are in several files, of failed ones too."""
    names = []
    for name in "abc":
        rows = []
        for number in range(25):
            text = f"Story {number} of {name}, she said. " * (number + 1) + ("RAISE" if number % 6 == 1 else "")
            ident = number if number % 4 == 1 else f"{name}{number}"
            rows.append(json.dumps({"id": ident, "text": text, "title": f"T{number}", "desk": {"name": name}}))
            if number % 5 == 0:
                rows += ['{"torn":', json.dumps({"id": f"{name}0", "text": "Again."})]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
        names.append(str(tmp_path / f"{name}.jsonl"))
    return [*names, str(tmp_path / "none.txt")]


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool[Article | Reject]]:
    with CREW.pool(Options()) as pool:
        yield pool


def files_of(sources: list[str]) -> list[Source | Reject]:
    return [file for source in sources for file in find(source)]


def shards_of(sources: list[str], size: int = 7) -> list[Shard]:
    """Cut each file by itself, as machines that do not know of each other do."""
    return [
        Shard(f"{number}/{index}", items)
        for number, file in enumerate(files_of(sources))
        for index, items in enumerate(slices(read_files([file]), size))
    ]


def contents(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in RESULTS}


def test_merged_shards_are_one_run(sources: list[str], pool: Pool[Article | Reject], tmp_path: Path) -> None:
    whole = run(read_sources(sources), tmp_path / "whole", Options(), crew=CREW)
    for shard in reversed(shards_of(sources)):
        process_shard(shard, tmp_path / "shards", Options(), CREW, pool)
    merged = merge([tmp_path / "shards"], tmp_path / "merged")
    assert contents(tmp_path / "merged") == contents(tmp_path / "whole")
    assert (merged["counts"], merged["reasons"]) == (whole["counts"], whole["reasons"])
    assert whole["reasons"]["duplicate-id"] > 20


def test_finished_shard_is_skipped(sources: list[str], pool: Pool[Article | Reject], tmp_path: Path) -> None:
    (shard, *_) = shards_of(sources)
    first, fresh = process_shard(shard, tmp_path, Options(), CREW, pool)
    assert fresh
    assert process_shard(shard, tmp_path, Options(), CREW, pool) == (first, False)


def test_unfinished_shard_goes_on(sources: list[str], pool: Pool[Article | Reject], tmp_path: Path) -> None:
    (shard, *_) = shards_of(sources)
    summary, _ = process_shard(shard, tmp_path, Options(), CREW, pool)
    path = tmp_path / shard.name
    expected = contents(path)
    (path / RUN).write_text(json.dumps({**summary, "finished": None}))
    for name in (CLAIMS, ARTICLES):
        (path / name).write_bytes(expected[name][:-30])
    again, fresh = process_shard(shard, tmp_path, Options(), CREW, pool)
    assert (fresh, again["resumed"]) == (True, 1)
    assert contents(path) == expected


def test_shard_of_changed_input_is_made_anew(sources: list[str], pool: Pool[Article | Reject], tmp_path: Path) -> None:
    (shard, *_) = shards_of(sources)
    process_shard(shard, tmp_path, Options(), CREW, pool)
    other = Shard(shard.name, [Article("new", "“New,” she said.", "in.txt")])
    summary, fresh = process_shard(other, tmp_path, Options(), CREW, pool)
    assert (fresh, summary["counts"]["articles"]) == (True, 1)


def test_shard_made_otherwise_is_refused(sources: list[str], pool: Pool[Article | Reject], tmp_path: Path) -> None:
    (shard, *_) = shards_of(sources)
    process_shard(shard, tmp_path, Options(), CREW, pool)
    with pytest.raises(OnRecordError, match="was begun with options"):
        process_shard(shard, tmp_path, Options(min_confidence=0.5), CREW, pool)


def test_slices() -> None:
    items = [Article(str(number), "x" * (3_000_000 if number < 4 else 1), "in.txt") for number in range(10)]
    assert [len(part) for part in slices(items, 5)] == [2, 2, 5, 1]
    assert list(slices([], 5)) == [[]]


def test_runs_of_other_kinds_are_merged(sources: list[str], tmp_path: Path) -> None:
    """Runs that are no shards, made by hand on two machines: the same articles; what is there twice comes last."""
    run(read_sources(sources), tmp_path / "whole", Options(), crew=CREW)
    for number, source in enumerate(sources):
        run(read_sources([source]), tmp_path / str(number), Options(), crew=CREW)
    merge([tmp_path / str(number) for number in range(len(sources))], tmp_path / "merged")
    for name in (CLAIMS, ARTICLES):
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert sorted(map(reason, lines(tmp_path / "merged"))) == sorted(map(reason, lines(tmp_path / "whole")))


def lines(path: Path) -> list[bytes]:
    return (path / REJECTS).read_bytes().splitlines()


def reason(line: bytes) -> tuple[str, str]:
    reject = json.loads(line)
    return str(reject["id"]), reject["reason"]


def test_interrupted_merge_is_resumed(
    sources: list[str], pool: Pool[Article | Reject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shard in shards_of(sources):
        process_shard(shard, tmp_path / "shards", Options(), CREW, pool)
    merge([tmp_path / "shards"], tmp_path / "whole")
    real, calls = merging.write, 0

    def interrupted(*args: object) -> None:
        nonlocal calls
        calls += 1
        if calls > 30:
            raise KeyboardInterrupt
        real(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(merging, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            merge([tmp_path / "shards"], tmp_path / "merged")
    with pytest.raises(OnRecordError, match="unfinished run; --resume"):
        merge([tmp_path / "shards"], tmp_path / "merged")
    merge([tmp_path / "shards"], tmp_path / "merged", mode="resume")
    assert contents(tmp_path / "merged") == contents(tmp_path / "whole")


def test_what_cannot_be_merged(sources: list[str], tmp_path: Path) -> None:
    run(read_sources(sources[:1]), tmp_path / "a", Options(), crew=CREW)
    run(read_sources(sources[:1]), tmp_path / "b", Options(min_confidence=0.5), crew=CREW)
    with pytest.raises(OnRecordError, match="was begun with options"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(OnRecordError, match="empty holds no results"):
        merge([tmp_path / "a", tmp_path / "empty"], tmp_path / "out")
    summary = json.loads((tmp_path / "b" / RUN).read_text())
    (tmp_path / "b" / RUN).write_text(json.dumps({**summary, "finished": None}))
    with pytest.raises(OnRecordError, match="b: the run did not finish"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_merge_command(sources: list[str], tmp_path: Path) -> None:
    for name, source in zip("ab", sources):
        run(read_sources([source]), tmp_path / name, Options(), crew=CREW)
    args = ["merge", str(tmp_path / "a"), str(tmp_path / "b"), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    assert "of 2 runs in" in result.output
    again = CliRunner().invoke(main, args)
    assert again.exit_code == 1
    assert "--overwrite" in again.output
    assert CliRunner().invoke(main, [*args, "--overwrite"]).exit_code == 0
