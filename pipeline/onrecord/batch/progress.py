"""How far a run has come, told on stderr: as a bar on a terminal, else as a line every half minute."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from onrecord.batch.journal import Journal
from onrecord.readers.articles import Source
from onrecord.readers.finding import find

LINE_SECONDS = 30.0
# Counting the lines of JSONL takes a second for this much; of more, the total stays unknown.
COUNTED_BYTES = 1024**3
# Roughly; it only keeps the counting of many files short.
JSONL_LINE_BYTES = 4096
ONE_ARTICLE = (".txt", ".md", ".html", ".htm")


class Progress(Protocol):
    """Is told after every article."""

    def __call__(self, journal: Journal) -> None: ...


class Pace:
    """Articles and words a second since the first call, which is when the models have loaded."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.first: tuple[int, int] | None = None

    def __call__(self, journal: Journal) -> tuple[float, float]:
        articles, words = items_done(journal), journal.counts["words"]
        if self.first is None:
            self.begun, self.first = time.monotonic(), (articles, words)
        seconds = max(time.monotonic() - self.begun, 1e-9)
        return (articles - self.first[0]) / seconds, (words - self.first[1]) / seconds


@contextmanager
def shown(total: int | None, *, quiet: bool) -> Iterator[Progress]:
    """Yield what shows the progress: nothing if `quiet`, a bar if stderr is a terminal, else lines."""
    if quiet:
        yield lambda journal: None
    elif sys.stderr is not None and sys.stderr.isatty():
        with bar(total) as progress:
            yield progress
    else:
        yield Lines(total)


@contextmanager
def bar(total: int | None) -> Iterator[Progress]:
    from tqdm import tqdm

    pace = Pace()
    with tqdm(total=total, unit=" articles", file=sys.stderr, dynamic_ncols=True, smoothing=0.05) as drawn:

        def progress(journal: Journal) -> None:
            if pace.first is None:
                drawn.unpause()
                drawn.initial = drawn.n = items_done(journal)
            _, words = pace(journal)
            drawn.update(items_done(journal) - drawn.n)
            counts = journal.counts
            drawn.set_postfix_str(f"{words:,.0f} words/s, {counts['rejects']:,} rejects", refresh=False)

        yield progress


class Lines:
    """Writes a plain line every half minute."""

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.pace = Pace()
        self.due = time.monotonic() + LINE_SECONDS

    def __call__(self, journal: Journal) -> None:
        articles, words = self.pace(journal)
        if time.monotonic() >= self.due:
            self.due = time.monotonic() + LINE_SECONDS
            print(self.line(journal, articles, words), file=sys.stderr, flush=True)

    def line(self, journal: Journal, articles: float, words: float) -> str:
        done = items_done(journal)
        of_total = f" of {self.total:,}" if self.total else ""
        left = f", {time_left((self.total - done) / articles)} left" if self.total and articles else ""
        rejects = journal.counts["rejects"]
        return (
            f"{done:,}{of_total} articles, {articles:.1f} articles/s, {words:,.0f} words/s, {rejects:,} rejects{left}"
        )


def items_done(journal: Journal) -> int:
    return journal.counts["articles"] + journal.counts["rejects"]


def time_left(seconds: float) -> str:
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def expected(sources: Sequence[str], limit: int | None = None) -> int | None:
    """Return how many articles `sources` hold, None where that takes reading them; cheap, and only for show."""
    total, budget = 0, COUNTED_BYTES
    for source in sources:
        if source == "-":
            return limit
        for file in find(source):
            size = articles_in(file, budget) if isinstance(file, Source) else 1
            if size is None:
                return limit
            total += size
            budget -= size * JSONL_LINE_BYTES
    return total if limit is None else min(total, limit)


def articles_in(file: Source, budget: int) -> int | None:
    try:
        if file.ending in ONE_ARTICLE:
            return 1
        if file.ending == ".jsonl" and os.path.getsize(file.path) <= budget:
            return count_lines(file.path)
    except OSError:
        pass
    return None


def count_lines(path: str) -> int:
    with open(path, "rb") as stream:
        return sum(piece.count(b"\n") for piece in iter(lambda: stream.read(1024**2), b""))
