"""Merge finished runs, the shards of one or any others, into one ordinary output folder.

In: output folders, in the order in which their articles are to come. Out: what one run over the same input writes, byte
for byte where they are shards; an article whose id an earlier folder has becomes a reject, as it would there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from onrecord.batch.folder import (
    ARTICLES,
    CLAIMS,
    REJECTS,
    RUN,
    Mode,
    OutputFolder,
    read_lines,
    read_summary,
    refuse_mixture,
)
from onrecord.batch.journal import HAD_THEIR_TURN
from onrecord.batch.run import Done, Result, ending, write
from onrecord.errors import OnRecordError
from onrecord.readers import Article, Reject
from onrecord.readers.checks import Ids, duplicate


def merge(folders: Sequence[Path], output: Path, *, mode: Mode = "new") -> dict[str, Any]:
    """Write the results of `folders` to the folder `output`; returns what is written to run.json.

    A folder that holds no results but other folders, such as `shards`, stands for those, sorted by name. Raises
    OnRecordError where a run did not finish, where two were made by different models or with different options, and
    where `output` cannot be written to. `mode` is that of `run`.
    """
    runs = [run for folder in folders for run in runs_in(folder)]
    check(runs)
    with OutputFolder(output, mode=mode) as folder:
        return merge_into(folder, runs)


def runs_in(path: Path) -> list[Path]:
    """Return the output folders at or below `path`."""
    if (path / RUN).exists():
        return [path]
    below = sorted(child for child in path.iterdir() if child.is_dir()) if path.is_dir() else []
    runs = [run for child in below for run in runs_in(child)]
    if not runs:
        raise OnRecordError(f"{path} holds no results; give folders that `onrecord extract` has written")
    return runs


def check(runs: Sequence[Path]) -> None:
    """Raise OnRecordError unless all `runs` are finished, and of one kind."""
    first = whole_run(runs[0])
    for path in runs:
        refuse_mixture(first, whole_run(path), runs[0])


def whole_run(path: Path) -> dict[str, Any]:
    summary = read_summary(path)
    if not summary or not summary.get("finished"):
        raise OnRecordError(f"{path}: the run did not finish; go on with it by --resume, then merge")
    return summary


def merge_into(folder: OutputFolder, runs: Sequence[Path], about: Mapping[str, Any] = {}) -> dict[str, Any]:
    """Write the results of `runs` that `folder` does not hold yet; `about` stands in run.json for what they say."""
    first = {name: value for name, value in whole_run(runs[0]).items() if name != "shard"}
    blank = {"counts": None, "reasons": None, "words_per_second": None, "resumed": 0, "finished": None}
    summary = folder.begin({**first, **blank, "merged": len(runs), **about})
    ids = Ids()
    for result in chain.from_iterable(results_in(path) for path in runs):
        result = unless_duplicate(result, ids)
        item = result.article if isinstance(result, Done) else result
        for left in folder.left([item]):
            write(result if left is item else left, folder)  # type: ignore[arg-type]  # else it is a reject
    summary |= {**ending(folder.journal, 0, 0.0), "words_per_second": about.get("words_per_second")}
    folder.finish(summary)
    return summary


def unless_duplicate(result: Result, ids: Ids) -> Result:
    """Return `result`, or a reject if an earlier article has its id; only articles that had their turn have one."""
    item = result.article if isinstance(result, Done) else result
    if isinstance(item, Reject) and item.reason not in HAD_THEIR_TURN:
        return result
    if item.id is None or ids.add(item.id):
        return result
    refusal = duplicate(item.id)
    return Reject(item.source, item.line, item.id, refusal.reason, refusal.detail)


def results_in(path: Path) -> Iterator[Result]:
    """Yield what a finished run has written, in the order of its input if it is a shard, else the articles first."""
    with (path / CLAIMS).open("rb") as claims:
        done = (read_done(line, claims) for _, line in read_lines(path / ARTICLES))
        rejects = (Reject(**line) for _, line in read_lines(path / REJECTS))
        yield from in_order(done, rejects, whole_run(path).get("shard", {}).get("items", []))


def in_order(
    done: Iterator[Done], rejects: Iterator[Reject], order: Sequence[tuple[str, int | None] | None]
) -> Iterator[Result]:
    """Yield articles and rejects in the order of a shard's items; an article that is not there was rejected."""
    waiting = next(done, None)
    for entry in order:
        if entry and waiting and waiting.article.id == entry[0]:
            yield replace(waiting, article=replace(waiting.article, line=entry[1]))
            waiting = next(done, None)
        elif reject := next(rejects, None):
            yield reject
    if waiting:
        yield waiting
    yield from done
    yield from rejects


def read_done(line: dict[str, Any], claims: BinaryIO) -> Done:
    """Return an article and its claims from its line in articles.jsonl; `claims` is read as far as they go."""
    names = ("id", "text", "source", "title", "url", "published", "note")
    article = Article(**{name: line[name] for name in names}, meta=line["meta"] or {})
    return Done(article, claims.read(line["claims_end"] - claims.tell()), line["claims"])
