"""The main job: articles in, an output folder or a stream of claims out."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from itertools import chain, islice
from pathlib import Path
from typing import Any

from onrecord import __version__
from onrecord.batch.folder import Mode, OutputFolder
from onrecord.batch.job import Options, task_of
from onrecord.batch.journal import Journal
from onrecord.batch.pool import Job, Pool, cores
from onrecord.batch.worker import Failure
from onrecord.readers import Article, Reject
from onrecord.records import SCHEMA

__all__ = ["Crew", "Done", "Options", "Result", "results", "run"]

# A timeout is for articles of up to this many characters and grows in proportion for longer ones: the pipeline takes
# time linear in the length, about 10 s for these on one core of a cloud machine.
TIMEOUT_CHARS = 100_000

# Told after every article, and once at the start of a resumed run.
Progress = Callable[[Journal], None]


@dataclass(frozen=True, slots=True)
class Crew:
    """How a run is carried out; nothing here changes its results. `factory` is what each worker calls: `encoder.make`,
    or in tests something quicker.
    """

    workers: int = field(default_factory=cores)
    timeout: float = 60.0
    factory: str = "onrecord.batch.job:make"

    def pool(self, options: Options) -> Pool[Article | Reject]:
        return Pool(self.factory, asdict(options), size=self.workers)

    def job(self, item: Article | Reject) -> Job[Article | Reject]:
        if isinstance(item, Reject):
            return Job(item, None)
        size = len(item.text)
        return Job(item, task_of(item), self.timeout * max(1.0, size / TIMEOUT_CHARS), size)


@dataclass(frozen=True, slots=True)
class Done:
    """An article, its lines for claims.jsonl, and how many they are."""

    article: Article
    claims: bytes
    count: int


Result = Done | Reject


def results(items: Iterable[Article | Reject], options: Options, crew: Crew) -> Iterator[Result]:
    """Yield each article with its claims, or the reject that takes its place, in the order of `items`."""
    with crew.pool(options) as pool:
        yield from map(result_of, pool.map(map(crew.job, items)))


def result_of(job: Job[Article | Reject]) -> Result:
    item, outcome = job.item, job.outcome
    if isinstance(item, Reject):
        return item
    if isinstance(outcome, Failure):
        return Reject(item.source, item.line, item.id, outcome.reason, outcome.detail)
    return Done(item, *outcome)


def run(
    items: Iterable[Article | Reject],
    output: Path,
    options: Options,
    *,
    mode: Mode = "new",
    crew: Crew | None = None,
    progress: Progress = lambda journal: None,
) -> dict[str, Any]:
    """Process `items` into the folder `output`; returns what is written to run.json.

    `mode` `resume` goes on with an unfinished run, `overwrite` replaces the results that are there. Raises
    OnRecordError where that cannot be, where the disk is full, and where the models cannot be loaded. A script that
    calls this needs the usual `if __name__ == "__main__":`, as workers import it.
    """
    crew = crew or Crew()
    with OutputFolder(output, mode=mode) as folder, crew.pool(options) as pool:
        return fill(folder, items, options, crew, pool, progress=progress)


def fill(
    folder: OutputFolder,
    items: Iterable[Article | Reject],
    options: Options,
    crew: Crew,
    pool: Pool[Article | Reject],
    *,
    about: Mapping[str, Any] = {},
    progress: Progress = lambda journal: None,
) -> dict[str, Any]:
    """Process what the folder does not hold yet; returns what is written to run.json, with `about` at its end."""
    jobs = map(crew.job, folder.left(items))
    first = list(islice(jobs, crew.workers))
    pool.start(sum(job.task is not None for job in first))
    summary = folder.begin({**describe(options, crew, pool.identity()), **about})
    clock, words = time.monotonic(), folder.journal.counts["words"]
    progress(folder.journal)
    for job in pool.map(chain(first, jobs)):
        write(result_of(job), folder)
        progress(folder.journal)
    words, seconds = folder.journal.counts["words"] - words, time.monotonic() - clock
    summary |= ending(folder.journal, words, seconds)
    folder.finish(summary)
    return summary


def write(result: Result, folder: OutputFolder) -> None:
    if isinstance(result, Reject):
        folder.reject(result)
    else:
        folder.add(result.article, result.claims, result.count)


def describe(options: Options, crew: Crew, identity: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of run.json as a run begins; `finished` stays null until it has come to its end."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "python": platform.python_version(),
        "model": identity.get("model"),
        "base": identity.get("base"),
        "options": asdict(options),
        "workers": crew.workers,
        "timeout": crew.timeout,
        "counts": None,
        "reasons": None,
        "words_per_second": None,
        "resumed": 0,
        "started": now(),
        "finished": None,
    }


def ending(journal: Journal, words: int, seconds: float) -> dict[str, Any]:
    """Return what run.json gets at the end: counts over all sittings, rejects by reason, the speed of this sitting."""
    return {
        "counts": dict(journal.counts),
        "reasons": dict(sorted(journal.reasons.items())),
        "words_per_second": round(words / max(seconds, 1e-9), 1),
        "finished": now(),
    }


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
