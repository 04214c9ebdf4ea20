"""Cut a stream of bytes into lines without ever holding more than one, and expand gzip without trusting it.

In: a binary stream. Out: numbered lines, the byte-order mark dropped. Only a line feed ends a line: U+2028 and its
like may stand inside JSON.
"""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from onrecord.readers.articles import Refusal

# A text of 1,000,000 characters takes 12 MB where each is written as two \u escapes; the rest is for the other keys.
MAX_LINE_BYTES = 16 * 1024**2
# An endless line is passed over in steps of this size.
SKIPPED_AT_ONCE = 64 * 1024
# A year of a large news archive stays below 100 GB; what expands to more than this is more likely meant to fill disks.
MAX_EXPANDED_BYTES = 256 * 1024**3
# News text shrinks by 3 to 5, machine-made JSONL by up to 50; deflate itself ends at 1,032.
MAX_EXPANSION = 200
# Below this the ratio does not matter, and a small file of equal lines passes.
EXPANSION_FREE_BYTES = 64 * 1024**2


class Stream(Protocol):
    """What the lines are read from."""

    def readline(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class TooLong:
    """Stands for a line that was passed over."""

    detail: str


def numbered_lines(stream: Stream) -> Iterator[tuple[int, bytes | TooLong]]:
    """Yield the lines with their numbers, from 1; a line over `MAX_LINE_BYTES` is passed over."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) > MAX_LINE_BYTES:
            yield number, skip_line(stream, line)
        else:
            yield number, line


def skip_line(stream: Stream, line: bytes) -> TooLong:
    """Read on to the end of the line that begins with `line`."""
    size = len(line)
    while line and not line.endswith(b"\n"):
        line = stream.readline(SKIPPED_AT_ONCE)
        size += len(line)
    return TooLong(f"the line has {size:,} bytes, the limit is {MAX_LINE_BYTES:,}; write one article a line")


class Resumed:
    """A stream of which `head` has been read before; begins with it again."""

    def __init__(self, head: bytes, stream: Stream) -> None:
        self.head = io.BytesIO(head)
        self.stream = stream

    def readline(self, size: int = -1, /) -> bytes:
        line = self.head.readline(size)
        if line.endswith(b"\n") or len(line) == size:
            return line
        return line + self.stream.readline(size - len(line) if size >= 0 else size)


class Expanded:
    """The expanded lines of a gzip stream; raises `Refusal` where it is torn, corrupt or a bomb."""

    def __init__(self, packed: BinaryIO) -> None:
        import gzip

        self.packed = packed
        self.expanded = gzip.GzipFile(fileobj=packed, mode="rb")
        self.size = 0

    def readline(self, size: int = -1, /) -> bytes:
        try:
            line = self.expanded.readline(size)
        except (EOFError, zlib.error) as error:
            raise Refusal("corrupt-gzip", f"torn or corrupt gzip ({error}); get the file anew") from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise Refusal("corrupt-gzip", f"not gzip, or corrupt ({error}); get the file anew") from error
        self.size += len(line)
        self.refuse_bomb()
        return line

    def refuse_bomb(self) -> None:
        ratio = self.size / max(1, self.packed.tell())
        if self.size > MAX_EXPANDED_BYTES or (self.size > EXPANSION_FREE_BYTES and ratio > MAX_EXPANSION):
            detail = f"expanded to {self.size:,} bytes, {ratio:.0f} times its size; expand it yourself if you trust it"
            raise Refusal("gzip-bomb", detail)
