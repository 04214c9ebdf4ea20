"""Files that survive a crash: appended to in groups that reach the disk in a known order, or replaced in one step."""

from __future__ import annotations

import os
from pathlib import Path


class Appended:
    """A file that only grows. What is added waits in memory until `write_out`, which returns once it is on disk."""

    def __init__(self, path: Path, *, keep: int = 0) -> None:
        """Open or create `path`, cut to its first `keep` bytes."""
        self.file = path.open("ab", buffering=0)
        self.file.truncate(keep)
        self.waiting: list[bytes] = []

    def add(self, data: bytes) -> None:
        self.waiting.append(data)

    def write_out(self) -> None:
        """Write what waits, and have the system confirm that it is on disk."""
        rest = memoryview(b"".join(self.waiting))
        self.waiting.clear()
        if not rest:
            return
        while rest:  # a disk that is nearly full takes a part; only the next attempt fails
            rest = rest[self.file.write(rest) :]
        os.fsync(self.file.fileno())

    def close(self) -> None:
        self.file.close()


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` in place of what `path` holds; a crash leaves one or the other, whole."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Have the names in the folder `path` on disk, where the system can do that."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
