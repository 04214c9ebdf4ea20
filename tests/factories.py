"""Stand-ins for the models in tests of batch runs: what a worker calls, quick, and cruel where the text asks for it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

Task = tuple[str, str, "str | None", "str | None", "str | None"]


def quick(config: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Task], tuple[bytes, int]]]:
    """Make up to four claims of an article, always the same ones."""
    return {"model": {"name": "quick"}, "base": None}, encode


def slow(config: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Task], tuple[bytes, int]]]:
    """The same claims, some milliseconds an article."""

    def encode_slowly(task: Task) -> tuple[bytes, int]:
        time.sleep(0.01)
        return encode(task)

    return quick(config)[0], encode_slowly


def broken(config: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Task], tuple[bytes, int]]]:
    raise ValueError("base model 'none' is not installed")


def dying(config: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Task], tuple[bytes, int]]]:
    os.kill(os.getpid(), signal.SIGKILL)
    return quick(config)


def settings(config: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Task], tuple[bytes, int]]]:
    """Answer with a variable of the environment, in place of claims."""
    return {}, lambda task: (os.environ.get(task[1], "").encode(), 1)


def encode(task: Task) -> tuple[bytes, int]:
    ident, text = task[:2]
    if "RAISE" in text:
        raise RuntimeError("asked for")
    if "DIE" in text:
        os.kill(os.getpid(), signal.SIGKILL)
    while "HANG" in text:
        pass
    digest = sha256(text.encode()).hexdigest()
    lines = [json.dumps({"doc": ident, "claim": digest * (number + 1)}) for number in range(int(digest[0], 16) % 5)]
    return "".join(line + "\n" for line in lines).encode(), len(lines)
