"""Workers: the same bytes whatever their number; one that dies or hangs costs one article."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onrecord.batch.folder import ARTICLES, CLAIMS, REJECTS, RUN
from onrecord.batch.pool import Job, Pool
from onrecord.batch.run import Crew, Options, Result, results, run
from onrecord.batch.worker import ENVIRONMENT
from onrecord.errors import OnRecordError
from onrecord.readers import Article, Reject

QUICK = "factories:quick"


def article(number: int, text: str = "", **more: Any) -> Article:
    return Article(id=f"a{number}", text=text or f"Article {number}, she said.", source="in.txt", **more)


def crew(workers: int = 1, factory: str = QUICK, timeout: float = 60.0) -> Crew:
    return Crew(workers=workers, timeout=timeout, factory=factory)


def outcome(result: Result) -> tuple[str, str]:
    """Return an article's id, and `done` or why not."""
    if isinstance(result, Reject):
        return result.id or "", result.reason
    return result.article.id, "done"


def test_same_bytes_for_any_number(tmp_path: Path) -> None:
    items: list[Article | Reject] = [article(number, "RAISE" if number % 9 == 4 else "") for number in range(120)]
    items.insert(50, Reject("in.txt", None, None, "empty", "no text"))
    items.insert(60, article(999, "Long. " * 50_000))
    files = []
    for workers in (1, 2, 4):
        path = tmp_path / str(workers)
        run(items, path, Options(), crew=crew(workers))
        files.append([(path / name).read_bytes() for name in (CLAIMS, ARTICLES, REJECTS)])
    assert files[0] == files[1] == files[2]
    assert [json.loads(line)["id"] for line in files[0][1].splitlines()] == [
        item.id for item in items if isinstance(item, Article) and item.text != "RAISE"
    ]


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        ("RAISE", "failed", "RuntimeError: asked for"),
        ("DIE", "worker-died", "the worker was killed by SIGKILL at this article"),
        ("HANG", "timeout", "not done after 2 s of computing; raise --timeout"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_one_article_is_lost(text: str, reason: str, detail: str, workers: int) -> None:
    items = [article(0), article(1, text), article(2), article(3)]
    found = list(results(items, Options(), crew(workers, timeout=2)))
    assert list(map(outcome, found)) == [("a0", "done"), ("a1", reason), ("a2", "done"), ("a3", "done")]
    assert isinstance(found[1], Reject)
    assert found[1].detail.startswith(detail)


def test_long_articles_get_more_time() -> None:
    assert crew(timeout=10).job(article(0, "x" * 50_000)).seconds == 10
    assert crew(timeout=10).job(article(0, "x" * 1_000_000)).seconds == 100


def test_worker_killed_while_idle_costs_nothing() -> None:
    def items() -> Iterator[Article]:
        yield article(0)
        while not pool.idle:
            pool.turn(0.1)
        for worker in pool.idle:
            assert worker.process.pid
            os.kill(worker.process.pid, signal.SIGKILL)
            worker.process.join()
        yield from (article(1), article(2))

    with crew(2).pool(Options()) as pool:
        jobs = list(pool.map(map(crew().job, items())))
    assert [job.outcome[1] >= 0 for job in jobs] == [True] * 3


def test_reading_goes_only_so_far_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first article takes long, the others do not pile up."""
    monkeypatch.setattr("onrecord.batch.pool.WINDOW", 5)
    read = 0

    def items() -> Iterator[Article]:
        nonlocal read
        for number in range(100):
            read += 1
            yield article(number, "HANG" if number == 0 else "")

    first = next(results(items(), Options(), crew(2, timeout=3)))
    assert outcome(first) == ("a0", "timeout")
    assert read == 10


def test_broken_model_is_told() -> None:
    with pytest.raises(OnRecordError, match="base model 'none' is not installed"):
        list(results([article(0)], Options(), crew(2, "factories:broken")))


def test_workers_that_die_while_loading() -> None:
    with pytest.raises(OnRecordError, match="workers die while they load the models"):
        list(results([article(0)], Options(), crew(1, "factories:dying")))


def test_no_items(tmp_path: Path) -> None:
    assert run([], tmp_path, Options(), crew=crew())["counts"]["articles"] == 0
    assert json.loads((tmp_path / RUN).read_text())["finished"]


def test_one_thread_for_each_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    asked = [article(number, name) for number, name in enumerate(ENVIRONMENT)]
    found = [result.claims.decode() for result in results(asked, Options(), crew(1, "factories:settings"))]  # type: ignore[union-attr]
    assert found == list(ENVIRONMENT.values())
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_workers_end_with_the_pool() -> None:
    with Pool[None](QUICK, {}, size=2) as pool:
        list(pool.map([Job(None, ("a", "text", None, None, None), 9) for _ in range(5)]))
        workers = [worker.process for worker in pool.workers()]
    assert [process.exitcode for process in workers] == [-signal.SIGKILL] * len(workers)
