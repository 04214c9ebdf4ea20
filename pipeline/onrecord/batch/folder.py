"""An output folder: claims, the journal of articles, rejects and the run's summary, written so that no crash hurts.

One run at a time has the folder. It writes in groups: claims and rejects first, then the articles' lines. A new run
writes in place; one that is to replace others writes into `.next` within the folder and moves in when it is finished,
so that the old results stay whole until then.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from filelock import FileLock, Timeout

from onrecord.batch.durable import Appended, replace_file, sync_folder
from onrecord.batch.journal import ARTICLES, CLAIMS, REJECTS, RUN, Journal, journal_line, read_journal, reject_line
from onrecord.errors import OnRecordError
from onrecord.readers import Article, Reject

__all__ = ["ARTICLES", "CLAIMS", "FILES", "REJECTS", "RUN", "OutputFolder", "dump", "is_finished", "read_lines"]

FILES = (CLAIMS, ARTICLES, REJECTS, RUN)
NEXT, LOCK = ".next", ".onrecord.lock"
# A crash costs what waits for the disk. Two seconds of work are little to do again, and three confirmations by the disk
# (1 to 30 ms each, measured on SSDs and a network disk) every two seconds are less than 5 % of the time.
GROUP_SECONDS = 2.0
# So that two seconds of many workers, or of long articles, do not add up in memory.
GROUP_BYTES = 4 * 1024**2
# Of run.json, what a resumed run must share with the one that it goes on with, or the results would be of two kinds.
SAME = ("version", "model", "base", "options")

Mode = Literal["new", "resume", "overwrite"]


class OutputFolder:
    """Writes results; a context manager. Its `journal` says what it holds, at first what an earlier run left there."""

    def __init__(self, path: Path, *, mode: Mode = "new") -> None:
        self.path = path
        self.mode = mode
        self.whole = True  # false while a group is half written
        self.begun = 0.0
        self.waiting_bytes = 0

    def __enter__(self) -> OutputFolder:
        with ExitStack() as stack, self.writing("check who may write there"):
            self.path.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(self.path))
            self.place = choose_place(self.path, self.mode)
            self.place.mkdir(exist_ok=True)
            self.journal = read_journal(self.place) if self.mode == "resume" else Journal()
            self.open_files(stack)
            self.closing = stack.pop_all()
        return self

    def open_files(self, stack: ExitStack) -> None:
        """Open the files, cut to what the journal vouches for: the articles first, as they vouch for the rest."""
        ends = {ARTICLES: "articles_end", CLAIMS: "claims_end", REJECTS: "rejects_end"}
        files = {name: Appended(self.place / name, keep=getattr(self.journal, end)) for name, end in ends.items()}
        for file in files.values():
            stack.callback(file.close)
        self.articles, self.claims, self.rejects = files.values()
        sync_folder(self.place)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.closing:
            if self.whole:
                self.commit()

    @contextmanager
    def writing(self, remedy: str = "what is done is kept, go on with --resume") -> Iterator[None]:
        """Turn what the disk refuses into an error that says what to do."""
        try:
            yield
        except OSError as error:
            raise OnRecordError(f"cannot write to {self.path}: {error.strerror or error}; {remedy}") from error

    def left(self, items: Iterable[Article | Reject]) -> Iterator[Article | Reject]:
        """Yield of `items` what the folder does not hold yet."""
        return self.journal.left(items) if self.mode == "resume" else iter(items)

    def begin(self, summary: dict[str, Any]) -> dict[str, Any]:
        """Note in run.json what the run is about to do; returns that, with the first start if this is a resumed run.

        Raises OnRecordError where the folder's results were made otherwise.
        """
        earlier = read_summary(self.place)
        if earlier:
            refuse_mixture(earlier, summary, self.path)
            summary = {**summary, "started": earlier["started"], "resumed": earlier["resumed"] + 1}
        self.write_summary(summary)
        return summary

    def add(self, article: Article, claims: bytes, count: int) -> None:
        """Write an article's claims, given as lines, then its line in the journal."""
        end = self.journal.claims_end + len(claims)
        line = journal_line(article, count, end)
        data = dump(line)
        self.claims.add(claims)
        self.articles.add(data)
        self.journal.claims_end = end
        self.journal.count_article(line)
        self.commit_if_due(len(claims) + len(data))

    def reject(self, reject: Reject) -> None:
        data = dump(reject_line(reject))
        self.rejects.add(data)
        self.journal.count_reject(reject.reason)
        self.commit_if_due(len(data))

    def commit_if_due(self, size: int) -> None:
        self.waiting_bytes += size
        if self.waiting_bytes >= GROUP_BYTES or time.monotonic() - self.begun >= GROUP_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Have all that was added on disk, the articles' lines last."""
        self.whole = False
        with self.writing():
            for file in (self.claims, self.rejects, self.articles):
                file.write_out()
        self.whole = True
        self.waiting_bytes, self.begun = 0, time.monotonic()

    def finish(self, summary: dict[str, Any]) -> None:
        """Write run.json with the end of the run, the sign that it is finished; takes the place of older results."""
        self.commit()
        self.write_summary(summary)
        if self.place != self.path:
            with self.writing():
                move_in(self.path)

    def write_summary(self, summary: dict[str, Any]) -> None:
        with self.writing():
            replace_file(self.place / RUN, (json.dumps(summary, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of `folder`; the system lifts the lock when the process ends, however it ends."""
    try:
        with FileLock(folder / LOCK, timeout=0):
            yield
    except Timeout as error:
        raise OnRecordError(f"another run is writing to {folder}; wait for it, or use another folder") from error


def choose_place(folder: Path, mode: Mode) -> Path:
    """Return where a run of this kind writes: `folder` or the place beside its older results; refuse what is unsafe."""
    place = folder / NEXT
    if is_finished(place):  # a run that was to replace the results ended while it moved in
        move_in(folder)
    elif not holds_results(place):  # or had just begun, or just moved
        shutil.rmtree(place, ignore_errors=True)
    occupied, replacing = holds_results(folder), holds_results(place)
    if mode == "overwrite":
        shutil.rmtree(place, ignore_errors=True)
        return place if occupied else folder
    if mode == "resume":
        return place if replacing else folder
    if replacing:
        raise OnRecordError(
            f"{folder} holds results, and an unfinished run that is to replace them; --resume goes on with that run,"
            " --overwrite begins it anew"
        )
    if is_finished(folder):
        raise OnRecordError(
            f"{folder} holds a finished run; --overwrite replaces it, --resume adds articles that are not in it yet"
        )
    if occupied:
        raise OnRecordError(f"{folder} holds an unfinished run; --resume goes on with it, --overwrite begins it anew")
    return folder


def holds_results(folder: Path) -> bool:
    return any((folder / name).exists() for name in FILES)


def move_in(folder: Path) -> None:
    """Put the finished results of `.next` in place of those in `folder`; goes on where a crash ended it.

    The folder counts as unfinished meanwhile, and `.next` as finished until its last file has moved.
    """
    place = folder / NEXT
    (folder / RUN).unlink(missing_ok=True)
    for name in FILES:  # run.json last
        if (place / name).exists():
            os.replace(place / name, folder / name)
    sync_folder(folder)
    shutil.rmtree(place)


def read_summary(folder: Path) -> dict[str, Any] | None:
    """Return what run.json says; None where there is none."""
    try:
        summary: dict[str, Any] = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise OnRecordError(f"{folder / RUN}: not JSON: {error}; begin anew with --overwrite") from error
    return summary


def is_finished(folder: Path) -> bool:
    """True if a run came to its end in `folder`."""
    summary = read_summary(folder)
    return bool(summary and summary.get("finished"))


def refuse_mixture(earlier: dict[str, Any], summary: dict[str, Any], folder: Path) -> None:
    """Raise OnRecordError unless both runs give the same results for the same article."""
    for name in SAME:
        before, now = earlier.get(name), summary.get(name)
        if json.loads(json.dumps(now)) != before:
            raise OnRecordError(
                f"{folder} was begun with {name} {before}, this run has {now}; use the same again, or --overwrite"
            )


def dump(data: Any) -> bytes:
    """Return one JSON line; refuses NaN."""
    return (json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def read_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value) of a JSONL file; raises OnRecordError naming file and line."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield number, json.loads(line)
                except json.JSONDecodeError as error:
                    raise OnRecordError(f"{path}:{number}: not JSON: {error}") from error
    except OSError as error:
        raise OnRecordError(f"cannot read {path}: {error.strerror}") from error
