"""Read JSONL packed with zstandard, under the same limits as gzip."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from onrecord.readers.articles import Article, Options, Refusal, Reject, Source
from onrecord.readers.extras import need
from onrecord.readers.jsonl import read_lines
from onrecord.readers.lines import Expanded

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A block of 128 KB may be packed into 4 bytes, so that this much becomes 16 MB at most.
PIECE_BYTES = 512


def read_jsonl_zst(source: Source, options: Options) -> Iterator[Article | Reject]:
    need("zstd", "zstandard")
    with open(source.path, "rb") as stream:
        yield from read_lines(ExpandedZstd(stream), source.name, source.stem, options)


class ExpandedZstd(Expanded):
    """The expanded lines of a zstandard stream; raises `Refusal` where it is torn, corrupt or a bomb."""

    def __init__(self, packed: BinaryIO) -> None:
        self.packed = packed
        self.expanded = io.BufferedReader(Frames(packed))  # type: ignore[assignment]  # as good to read lines from
        self.size = 0


class Frames(io.RawIOBase):
    """The bytes of one zstandard frame after the other; raises `Refusal` where one is torn."""

    def __init__(self, packed: BinaryIO) -> None:
        import zstandard

        self.packed = packed
        self.module = zstandard
        self.frame = self.new_frame()
        self.begun = False
        self.ready = b""

    def new_frame(self) -> Any:
        return self.module.ZstdDecompressor().decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self.ready:
            piece = self.packed.read(PIECE_BYTES)
            if not piece:
                if self.begun:
                    raise Refusal("corrupt-zstd", "torn zstandard: it ends within a frame; get the file anew")
                return 0
            self.ready = self.expand(piece)
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self.ready))
        view[:size], self.ready = self.ready[:size], self.ready[size:]
        return size

    def expand(self, piece: bytes) -> bytes:
        pieces = []
        try:
            while piece:
                self.begun = True
                pieces.append(self.frame.decompress(piece))
                piece = self.frame.unused_data if self.frame.eof else b""
                if self.frame.eof:
                    self.frame, self.begun = self.new_frame(), False
        except self.module.ZstdError as error:
            raise Refusal("corrupt-zstd", f"torn or corrupt zstandard ({error}); get the file anew") from error
        return b"".join(pieces)
