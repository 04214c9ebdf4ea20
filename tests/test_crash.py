"""Runs that are killed, interrupted or out of space, as the user starts them; resumed, they leave the same bytes.

ONRECORD_KILLS=100 makes the short test of SIGKILL the long one.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onrecord.batch.folder import ARTICLES, CLAIMS, REJECTS, RUN

HERE = Path(__file__).resolve().parent
KILLS = int(os.environ.get("ONRECORD_KILLS", "10"))
SEED = int(os.environ.get("ONRECORD_SEED", "0"))
ARTICLE_COUNT = 300
RESULTS = (CLAIMS, ARTICLES, REJECTS)
# Small groups, so that much of what a kill hits is on its way to the disk.
PROGRAM = "import onrecord.batch.folder as f; f.GROUP_SECONDS = 0.02; from onrecord.cli import main; main()"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Articles, with lines that are none, ids that are there twice, and articles that fail."""
    path = tmp_path_factory.mktemp("source") / "news.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(ARTICLE_COUNT):
            text = f"Article {number}, “she said”. " * (number % 40 + 1) + ("RAISE" if number % 17 == 5 else "")
            file.write(json.dumps({"id": number, "text": text}) + "\n")
            if number % 10 == 0:
                file.write('{"torn": \n{"id": 0, "text": "Again."}\n')
    return path


@pytest.fixture(scope="module")
def expected(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an uninterrupted run writes."""
    path = tmp_path_factory.mktemp("whole")
    assert start(source, path).wait() == 1  # there are rejects
    return contents(path)


def start(source: Path, output: Path, *options: str, limits: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, "extract", str(source), "-o", str(output), "--workers", "2"]
    paths = [str(HERE), *sys.path, os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [*command, "--factory", "factories:slow", *options],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=limits,
    )


def contents(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in RESULTS}


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.01)


def wait_for_articles(output: Path) -> None:
    journal = output / ARTICLES
    wait_until(lambda: journal.exists() and journal.stat().st_size > 0, "articles were written")


def group_is_gone(leader: int) -> bool:
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return True
    return False


def resume(source: Path, output: Path) -> None:
    process = start(source, output, "--resume")
    _, talk = process.communicate(timeout=300)
    assert process.returncode == 1, talk
    assert json.loads((output / RUN).read_text())["finished"]


def test_kill(source: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    """SIGKILL at random moments, from before the first article on, until the run has come to its end; then again."""
    chance = random.Random(SEED)
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        output = tmp_path / str(rounds)
        while kills < KILLS and not killed_to_the_end(source, output, chance):
            kills += 1
        resume(source, output)
        assert contents(output) == expected, f"round {rounds}, seed {SEED}"


def killed_to_the_end(source: Path, output: Path, chance: random.Random) -> bool:
    """Start or resume a run and kill it; true if it was quicker."""
    process = start(source, output, "--resume")
    try:
        begun = (output / RUN).exists() and (output / RUN).stat().st_mtime_ns
        if chance.random() < 0.8:  # else while it starts
            wait_until(lambda: has_begun(output, begun) or process.poll() is not None, "the run began")
        process.wait(chance.uniform(0, 1.0))
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    wait_until(lambda: group_is_gone(process.pid), "the workers had ended")
    return process.returncode == 1


def has_begun(output: Path, before: int | bool) -> bool:
    return (output / RUN).exists() and (output / RUN).stat().st_mtime_ns != before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("whom", [os.kill, os.killpg], ids=["parent", "group"])
def test_interrupted(
    number: signal.Signals,
    whom: Callable[[int, int], None],
    source: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
) -> None:
    """It ends with the status that a shell reports, whole lines on disk, and says how to go on."""
    process = start(source, tmp_path)
    wait_for_articles(tmp_path)
    whom(process.pid, number)
    _, talk = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert f"interrupted by {number.name}; what is done is kept: go on with the same command and --resume" in talk
    assert "Traceback" not in talk
    for name, data in contents(tmp_path).items():
        assert expected[name].startswith(data)
        assert not data or data.endswith(b"\n")
    wait_until(lambda: group_is_gone(process.pid), "the workers had ended")
    resume(source, tmp_path)
    assert contents(tmp_path) == expected


@pytest.mark.parametrize("size", [1_000, 40_000])
def test_full_disk(size: int, source: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk without space."""
    process = start(source, tmp_path, limits=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    _, talk = process.communicate(timeout=120)
    assert process.returncode == 1
    assert f"Error: cannot write to {tmp_path}: File too large; what is done is kept, go on with --resume" in talk
    assert "Traceback" not in talk
    resume(source, tmp_path)
    assert contents(tmp_path) == expected


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(path)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no tmpfs can be mounted here, which takes root; the limit on the size of files stands for it")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_real_full_disk(source: Path, expected: dict[str, bytes], small_disk: Path) -> None:
    """The run ends when the disk is full, and goes on when there is room."""
    for _ in range(2):  # a second try without more room does no harm
        process = start(source, small_disk, "--resume")
        _, talk = process.communicate(timeout=120)
        assert process.returncode == 1
        assert f"Error: cannot write to {small_disk}: No space left on device; what is done is kept" in talk
        assert "Traceback" not in talk
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    resume(source, small_disk)
    assert contents(small_disk) == expected


def test_worker_killed_by_hand(source: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    """It costs at most the one article that the worker had; all others are as they would be without."""
    process = start(source, tmp_path)
    wait_for_articles(tmp_path)
    os.kill(process.pid, signal.SIGSTOP)  # lest it finish while we look
    os.kill(worker_of(process.pid), signal.SIGKILL)
    os.kill(process.pid, signal.SIGCONT)
    process.communicate(timeout=120)
    assert process.returncode == 1
    reasons = json.loads((tmp_path / RUN).read_text())["reasons"]
    assert reasons.get("worker-died", 0) <= 1
    counts = json.loads((tmp_path / RUN).read_text())["counts"]
    assert counts["articles"] + reasons["failed"] + reasons.get("worker-died", 0) == ARTICLE_COUNT
    rejects = map(json.loads, contents(tmp_path)[REJECTS].splitlines())
    lost = {reject["id"] for reject in rejects if reject["reason"] == "worker-died"}
    claims = [line for line in expected[CLAIMS].splitlines() if json.loads(line)["doc"] not in lost]
    assert contents(tmp_path)[CLAIMS].splitlines() == claims


def worker_of(parent: int) -> int:
    listing = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = (line.split(None, 2) for line in listing.splitlines()[1:])
    return next(int(pid) for pid, ppid, args in rows if int(ppid) == parent and "spawn_main" in args)


def test_closed_pipe(source: Path, tmp_path: Path) -> None:
    """`| head -1` ends quietly."""
    process = start(source, Path("-"))
    command = [*process.args] if isinstance(process.args, list) else []
    process.kill()
    process.communicate()
    line = " ".join(f"'{part}'" for part in command) + " 2>talk | head -1"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])}
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in (tmp_path / "talk").read_text()
