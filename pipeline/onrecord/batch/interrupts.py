"""Ctrl-C and SIGTERM as an exception, so that a run closes its files and ends its workers on the way out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """Raised between any two steps of the main thread; not an Exception, as no handler of those may swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number  # what a shell reports for a program that the signal ended: 130, 143


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, the two signals raise Interrupted. For the main thread only."""
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)
