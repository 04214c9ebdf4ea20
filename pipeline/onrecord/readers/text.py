"""Read a plain text or Markdown file: one article each, its id the file name without the ending."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from onrecord.readers.articles import Article, Options, Refusal, Reject, Source
from onrecord.readers.encodings import decode

# No encoding takes more for a character, and a byte-order mark takes as much at most.
BYTES_A_CHARACTER = 4


def read_text(source: Source, options: Options) -> Iterator[Article | Reject]:
    """Read the one article of a file; a file that must be too long is refused by its size, unread."""
    try:
        refuse_size(os.path.getsize(source.path), options.max_chars)
        with open(source.path, "rb") as stream:
            yield text_article(stream, source.stem, source.name, options.max_chars)
    except Refusal as refusal:
        yield Reject(source.name, None, source.stem, refusal.reason, refusal.detail)


def text_article(stream: BinaryIO, ident: str, name: str, max_chars: int, *, head: bytes = b"") -> Article:
    """Make an article of `head`, which has been read before, and the rest of `stream`."""
    limit = byte_limit(max_chars)
    data = head + stream.read(max(0, limit + 1 - len(head)))
    refuse_size(len(data), max_chars)
    text, note = decode(data)
    return Article(id=ident, text=text, source=name, note=note)


def byte_limit(max_chars: int) -> int:
    return BYTES_A_CHARACTER * (max_chars + 1)


def refuse_size(size: int, max_chars: int) -> None:
    if size > byte_limit(max_chars):
        raise Refusal("too-long", f"over {max_chars:,} characters by its size; split it, or raise the limit")
