"""One worker: a child process that loads what it needs once, by name, and then answers task after task.

Only plain data goes through the pipe between the two. The child keeps to one core, leaves Ctrl-C to its parent, writes
nothing to stdout and ends when its parent does.
"""

from __future__ import annotations

import atexit
import importlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

# What a factory makes: something to tell about itself, and the function that answers tasks.
Made = tuple[dict[str, Any], Callable[[Any], Any]]
# The kinds of message that a child sends.
READY, BROKEN, DONE, FAILED = "ready", "broken", "done", "failed"
# Models load in 3 to 10 s; a worker that takes this long waits for something that does not come.
LOADING_SECONDS = 300.0
# A deadline counts the seconds that the child has computed, so that what a run gives does not depend on what else the
# machine does; one that waits for something that does not come has this many times as long. Without /proc, a deadline
# counts seconds as they pass.
PATIENCE = 4
# As many workers as cores must not start that many threads each. One thread also adds up in one order only, so that
# the last digits do not depend on the machine. The seed makes sets of strings come in one order.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONHASHSEED": "0",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What a task came to instead of an answer; `reason` is that of a reject."""

    reason: str
    detail: str


class Worker:
    """The parent's end. `factory` is `module:function`, called in the child with `config`."""

    def __init__(self, factory: str, config: Mapping[str, Any]) -> None:
        # Not forked: a fork would copy threads' locks and the parent's memory.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, factory, dict(config)), daemon=True)
        with child_environment(), signals_held():
            self.process.start()
        theirs.close()
        self.allow(LOADING_SECONDS)
        atexit.register(self.kill)

    def give(self, task: Any, seconds: float) -> None:
        """Send a task; the answer is due within `seconds`. Raises OSError if the child is gone."""
        self.pipe.send(task)
        self.allow(seconds)

    def hear(self) -> tuple[str, Any]:
        """Return the next message, waiting for it; raises EOFError or OSError if the child is gone."""
        message: tuple[str, Any] = self.pipe.recv()
        return message

    def allow(self, seconds: float) -> None:
        """Let the time for the next message begin."""
        self.seconds, self.begun, self.computed = seconds, time.monotonic(), cpu_seconds(self.process.pid)

    def late(self) -> bool:
        passed = time.monotonic() - self.begun
        if passed <= self.seconds or self.pipe.poll():
            return False
        computed = cpu_seconds(self.process.pid) - self.computed if self.computed else passed
        return computed > self.seconds or passed > self.seconds * PATIENCE

    def kill(self) -> None:
        atexit.unregister(self.kill)
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def epitaph(self) -> str:
        """Say how a child that is gone came to its end."""
        self.process.join()
        status = self.process.exitcode or 0
        return f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def work(pipe: Connection, factory: str, config: dict[str, Any]) -> None:
    """The child: make the function, then answer until the pipe closes."""
    with suppress(OSError):  # a closed stderr
        os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        try:
            identity, function = find(factory)(config)
        except Exception as error:  # whatever keeps a model from loading is for the parent to tell
            pipe.send((BROKEN, f"{error}" if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"))
            return
        pipe.send((READY, identity))
        while True:
            pipe.send(answer(function, pipe.recv()))


def answer(function: Callable[[Any], Any], task: Any) -> tuple[str, Any]:
    try:
        return DONE, function(task)
    except Exception as error:  # a batch must outlive any article, whatever breaks in a library
        return FAILED, f"{type(error).__name__}: {error}"


def find(name: str) -> Callable[[dict[str, Any]], Made]:
    """Import `module:function`."""
    module, _, function = name.partition(":")
    factory: Callable[[dict[str, Any]], Made] = getattr(importlib.import_module(module), function)
    return factory


def end_with_parent() -> None:
    """Wait until the parent is gone, however it went, and end; so a hanging child does not stay behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def cpu_seconds(process: int | None) -> float:
    """Return how long a process has computed, 0 where the system does not say."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            user, system = file.read().rpartition(b") ")[2].split()[11:13]
    except OSError:
        return 0.0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def child_environment() -> Iterator[None]:
    """Set `ENVIRONMENT` for children that are started within; numeric libraries read it when they are imported."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def signals_held() -> Iterator[None]:
    """Start children that never see Ctrl-C or SIGTERM, which reach the whole process group; the parent ends them."""
    with ExitStack() as stack:
        if hasattr(signal, "pthread_sigmask"):
            resource_tracker.ensure_running()  # it lifts the block when it starts
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
            stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, before)
        yield
