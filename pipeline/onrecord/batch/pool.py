"""Several workers: jobs go in, the same jobs come out in the same order, each with its outcome.

Memory does not depend on how many jobs there are: a fixed number waits, and each worker has one at a time. A worker
that dies or hangs costs the job that it had; another one takes its place.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Generic, TypeVar

from onrecord.batch.journal import DIED, FAILED, TIMEOUT
from onrecord.batch.worker import BROKEN, LOADING_SECONDS, READY, Failure, Worker
from onrecord.batch.worker import FAILED as RAISED
from onrecord.errors import OnRecordError

Item = TypeVar("Item")
# Jobs under way for each worker, done or not. While one takes long, the others get this far ahead of it: with articles
# of a tenth of a second, six seconds.
WINDOW = 64
# The same in units of `Job.size`: 16 million characters take 16 to 64 MB.
WINDOW_SIZE = 16_000_000
# Deadlines are looked at this often.
TICK_SECONDS = 0.5
# One worker killed while it loads may be chance; so many in a row are not.
MAX_BAD_STARTS = 3


@dataclass(eq=False)
class Job(Generic[Item]):
    """`task` is what a worker gets, None for an item that only keeps its place; `outcome` its answer or a Failure."""

    item: Item
    task: Any
    seconds: float = 0.0
    size: int = 0
    done: bool = False
    outcome: Any = None


class Pool(Generic[Item]):
    """Runs jobs in up to `size` workers; a context manager. More workers start when there is work for them."""

    def __init__(self, factory: str, config: Mapping[str, Any], *, size: int) -> None:
        self.factory = factory
        self.config = config
        self.size = size
        self.loading: list[Worker] = []
        self.idle: list[Worker] = []
        self.busy: dict[Worker, Job[Item]] = {}
        self.backlog: deque[Job[Item]] = deque()
        self.bad_starts = 0
        self.known: dict[str, Any] | None = None

    def __enter__(self) -> Pool[Item]:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.workers():
            worker.kill()

    def workers(self) -> list[Worker]:
        return [*self.loading, *self.idle, *self.busy]

    def identity(self) -> dict[str, Any]:
        """Return what the workers tell about themselves, once the first one has loaded."""
        while self.known is None:
            self.turn(TICK_SECONDS)
        return self.known

    def map(self, jobs: Iterable[Job[Item]]) -> Iterator[Job[Item]]:
        """Yield the jobs in order as they are done. Raises OnRecordError if workers cannot load."""
        source: Iterator[Job[Item]] | None = iter(jobs)
        order: deque[Job[Item]] = deque()
        size = 0
        while source or order:
            while order and order[0].done:
                job = order.popleft()
                size -= job.size
                yield job
            room = len(order) < WINDOW * self.size and size < WINDOW_SIZE and len(self.backlog) < self.size
            if source and room:
                new = next(source, None)
                if new is None:
                    source = None
                    continue
                order.append(new)
                size += new.size
                self.take(new)
                self.turn(0)
            elif order:
                self.turn(TICK_SECONDS)

    def take(self, job: Job[Item]) -> None:
        if job.task is None:
            job.done = True
        else:
            self.backlog.append(job)

    def turn(self, seconds: float) -> None:
        """Hand out work, then wait up to `seconds` for news and deal with it."""
        self.hand_out()
        pipes = {worker.pipe: worker for worker in self.workers()}
        for pipe in wait(list(pipes), seconds):
            self.hear(pipes[pipe])  # type: ignore[index]
        for worker in self.workers():
            if worker not in self.idle and worker.late():
                self.give_up(worker)

    def hand_out(self) -> None:
        while self.backlog and self.idle:
            worker, job = self.idle.pop(), self.backlog[0]
            try:
                worker.give(job.task, job.seconds)
            except OSError:  # it died while it had nothing to do, which costs nothing
                worker.kill()
                continue
            self.busy[worker] = self.backlog.popleft()
        missing = len(self.backlog) - len(self.loading)
        if missing > 0:
            self.start(len(self.workers()) + missing)

    def start(self, number: int = 1) -> None:
        """Start workers until there are `number`, if so many are allowed; they load side by side."""
        while len(self.workers()) < min(number, self.size):
            self.loading.append(Worker(self.factory, self.config))

    def hear(self, worker: Worker) -> None:
        try:
            kind, value = worker.hear()
        except (EOFError, OSError):
            self.bury(worker)
            return
        if kind == BROKEN:
            raise OnRecordError(value)
        if kind == READY:
            self.loading.remove(worker)
            self.bad_starts, self.known = 0, value
        else:
            job = self.busy.pop(worker)
            job.done, job.outcome = True, Failure(FAILED, value) if kind == RAISED else value
        self.idle.append(worker)

    def bury(self, worker: Worker) -> None:
        """Take leave of a worker that died."""
        epitaph = worker.epitaph()
        if worker in self.loading:
            self.bad_starts += 1
            if self.bad_starts >= MAX_BAD_STARTS:
                raise OnRecordError(f"workers die while they load the models ({epitaph}); is there memory enough?")
        self.remove(worker, Failure(DIED, f"the worker was {epitaph} at this article, for want of memory perhaps"))

    def give_up(self, worker: Worker) -> None:
        """End a worker that is over its time."""
        if worker in self.loading:
            raise OnRecordError(f"a worker has not loaded the models after {LOADING_SECONDS:.0f} s; is the disk busy?")
        seconds = self.busy[worker].seconds
        self.remove(
            worker,
            Failure(TIMEOUT, f"not done after {seconds:.0f} s of computing; raise --timeout if it may take longer"),
        )

    def remove(self, worker: Worker, failure: Failure) -> None:
        worker.kill()
        if worker in self.busy:
            job = self.busy.pop(worker)
            job.done, job.outcome = True, failure
        else:
            (self.loading if worker in self.loading else self.idle).remove(worker)
            self.start()


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
