"""The output folder: what it refuses, what it keeps, and that a run cut anywhere and resumed leaves the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import factories
import pytest

from onrecord.batch import durable, folder
from onrecord.batch.folder import ARTICLES, CLAIMS, FILES, NEXT, REJECTS, RUN, OutputFolder
from onrecord.batch.run import Done, write
from onrecord.errors import OnRecordError
from onrecord.readers import Article, Reject

RESULTS = (CLAIMS, ARTICLES, REJECTS)
SUMMARY = {"version": "1", "model": None, "base": None, "options": {"a": 1}, "started": "then", "resumed": 0}
Items = Sequence["Article | Reject"]


class Crash(BaseException):
    """Stands for the end of the machine's power."""


def articles(count: int = 30) -> list[Article | Reject]:
    """Return articles with, here and there, a reject from the reader (the same one twice) and one that fails."""
    items: list[Article | Reject] = []
    for number in range(count):
        text = f"Article {number}, she said." + (" RAISE" if number % 7 == 3 else "")
        items.append(Article(id=f"a{number}", text=text, source="in.jsonl", line=number + 1))
        if number % 5 == 0:
            items += [Reject("in.jsonl", None, None, "bad-json", "torn")] * (2 if number % 10 == 0 else 1)
    return items


def feed(path: Path, items: Iterable[Article | Reject], mode: folder.Mode = "new") -> None:
    """Do what a run does, without workers."""
    with OutputFolder(path, mode=mode) as output:
        summary = output.begin(dict(SUMMARY))
        for item in output.left(items):
            write(result(item), output)
        output.finish({**summary, "finished": "now", "counts": dict(output.journal.counts)})


def result(item: Article | Reject) -> Done | Reject:
    if isinstance(item, Reject):
        return item
    try:
        return Done(item, *factories.encode((item.id, item.text, None, None, None)))
    except RuntimeError as error:
        return Reject(item.source, item.line, item.id, "failed", str(error))


def then_crash(items: Items) -> Iterator[Article | Reject]:
    yield from items
    raise Crash


def contents(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in RESULTS}


def counts(path: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads((path / RUN).read_text())["counts"]
    return found


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """An uninterrupted run."""
    feed(tmp_path / "whole", articles())
    return tmp_path / "whole"


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "GROUP_BYTES", 1500)
    monkeypatch.setattr(folder, "GROUP_SECONDS", 1e9)
    monkeypatch.setattr(durable.os, "fsync", lambda descriptor: None)  # thousands of them take minutes


def cut_power(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let `after` more bytes reach the disk, and no more."""
    left = after

    def write_out(self: durable.Appended) -> None:
        nonlocal left
        data = b"".join(self.waiting)
        self.waiting.clear()
        self.file.write(data[:left])
        if len(data) > left:
            raise Crash
        left -= len(data)

    monkeypatch.setattr(durable.Appended, "write_out", write_out)


@pytest.mark.parametrize("count", [1, 30])
def test_cut_anywhere(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Power is lost after any number of bytes, then again, then not."""
    items = articles(count)
    feed(tmp_path / "whole", items)
    size = sum(map(len, contents(tmp_path / "whole").values()))
    step = max(1, size // 150)
    for number, first in enumerate(range(0, size, step)):
        path = tmp_path / str(number)
        for mode, after in (("new", first), ("resume", size // 3)):
            with monkeypatch.context() as patch:
                cut_power(patch, after)
                with suppress(Crash):
                    feed(path, items, mode)  # type: ignore[arg-type]
        feed(path, items, "resume")
        assert contents(path) == contents(tmp_path / "whole"), first
        assert counts(path) == counts(tmp_path / "whole"), first


@pytest.mark.parametrize("tail", [b"\0" * 100, b'{"id": "a9"', b"[]\n", b"\xff\n", b'{"a": 1}'])
@pytest.mark.parametrize("name", [ARTICLES, CLAIMS])
def test_rubbish_at_the_end_is_cut(name: str, tail: bytes, whole: Path) -> None:
    expected = contents(whole)
    with (whole / name).open("ab") as file:
        file.write(tail)
    feed(whole, articles(), "resume")
    assert contents(whole) == expected


def test_torn_rejects_are_cut(whole: Path) -> None:
    expected = contents(whole)
    for name in (REJECTS, ARTICLES):
        data = expected[name]
        (whole / name).write_bytes(data[: len(data) - 20])
    feed(whole, articles(), "resume")
    assert contents(whole) == expected


def test_finished_run_is_refused(whole: Path) -> None:
    with pytest.raises(OnRecordError, match="holds a finished run; --overwrite replaces it, --resume adds"):
        feed(whole, articles())


def test_unfinished_run_says_how_to_resume(tmp_path: Path) -> None:
    with pytest.raises(Crash):
        feed(tmp_path, then_crash([]))
    with pytest.raises(OnRecordError, match="unfinished run; --resume goes on with it"):
        feed(tmp_path, articles())


def test_exception_keeps_what_is_done(tmp_path: Path, whole: Path) -> None:
    """Ctrl-C comes as an exception: what was added before it is on disk."""
    with pytest.raises(Crash):
        feed(tmp_path, then_crash(articles()[:9]))
    for name, data in contents(tmp_path).items():
        assert data
        assert contents(whole)[name].startswith(data)


def test_resume_of_a_finished_run_changes_nothing(whole: Path) -> None:
    before = contents(whole)
    feed(whole, articles(), "resume")
    assert contents(whole) == before
    assert json.loads((whole / RUN).read_text())["resumed"] == 1


def test_resume_adds_what_is_new(whole: Path, tmp_path: Path) -> None:
    feed(whole, articles(40), "resume")
    feed(tmp_path / "forty", articles(40))
    assert contents(whole) == contents(tmp_path / "forty")


def test_resume_reports_a_changed_article_once(whole: Path) -> None:
    before = contents(whole)
    items = articles()
    items[0] = Article(id="a0", text="Another text.", source="in.jsonl", line=1)
    for _ in range(2):
        feed(whole, items, "resume")
        after = contents(whole)
        assert (after[CLAIMS], after[ARTICLES]) == (before[CLAIMS], before[ARTICLES])
        (line,) = after[REJECTS].removeprefix(before[REJECTS]).splitlines()
        assert json.loads(line)["reason"] == "changed"
        assert json.loads(line)["id"] == "a0"


@pytest.mark.parametrize("name", ["version", "model", "base", "options"])
def test_resume_refuses_another_kind_of_results(name: str, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUMMARY, name, "other")
    with pytest.raises(OnRecordError, match=f"was begun with {name} "):
        feed(whole, articles(), "resume")


def test_second_run_is_kept_out(tmp_path: Path) -> None:
    with OutputFolder(tmp_path), pytest.raises(OnRecordError, match="another run is writing"):
        feed(tmp_path, articles(), "resume")


def test_overwrite_keeps_old_results_until_the_end(whole: Path) -> None:
    old = contents(whole)
    with OutputFolder(whole, mode="overwrite") as output:
        summary = output.begin(dict(SUMMARY))
        write(result(articles(1)[0]), output)
        output.commit()
        assert contents(whole) == old
        output.finish({**summary, "finished": "now"})
    assert len(contents(whole)[ARTICLES].splitlines()) == 1
    assert sorted(path.name for path in whole.iterdir()) == sorted([*FILES, folder.LOCK])


def test_interrupted_overwrite_is_resumed(whole: Path, tmp_path: Path) -> None:
    old = contents(whole)
    with pytest.raises(Crash):
        feed(whole, then_crash(articles(1)), "overwrite")
    assert contents(whole) == old
    with pytest.raises(OnRecordError, match="an unfinished run that is to replace them"):
        feed(whole, articles(40))
    feed(whole, articles(40), "resume")
    feed(tmp_path / "forty", articles(40))
    assert contents(whole) == contents(tmp_path / "forty")


@pytest.mark.parametrize("moves", range(5))
def test_moving_in_goes_on_after_a_crash(
    moves: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(tmp_path / "forty", articles(40))
    with monkeypatch.context() as patch:
        calls = 0

        def crash(*args: object) -> None:
            nonlocal calls
            calls += 1
            if calls > moves:
                raise Crash
            real(*args)

        real = folder.os.replace
        patch.setattr(folder, "move_in", moving_in(patch, crash))
        with pytest.raises(Crash):
            feed(whole, articles(40), "overwrite")
    with pytest.raises(OnRecordError, match="finished run"):
        feed(whole, articles(40))
    assert contents(whole) == contents(tmp_path / "forty")
    assert not (whole / NEXT).exists()


def moving_in(patch: pytest.MonkeyPatch, crash: object) -> object:
    """Return `move_in` with `os.replace`, and the removal at its end, made to crash."""
    real = folder.move_in

    def move_in(path: Path) -> None:
        patch.setattr(folder.os, "replace", crash)
        patch.setattr(folder.shutil, "rmtree", crash)
        real(path)
        raise Crash

    return move_in


def test_read_only_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OnRecordError, match=r"cannot write to .*file"):
        feed(tmp_path / "file", articles())
