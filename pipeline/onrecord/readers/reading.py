"""Read SOURCE arguments: find the files, have each read by its reader, check what comes out, one article at a time.

Order: sources as given, folders sorted, lines as they stand. Whatever is wrong with one input becomes a reject, and
the rest goes on. Only the ids are kept.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

from onrecord.errors import OnRecordError
from onrecord.readers.articles import Article, Options, Refusal, Reject, Source
from onrecord.readers.checks import Ids, checked
from onrecord.readers.finding import find
from onrecord.readers.formats import READERS
from onrecord.readers.jsonl import KEYS, read_lines
from onrecord.readers.lines import Resumed
from onrecord.readers.text import byte_limit, text_article

STDIN = "-"
STDIN_ID = "stdin"
PIECE_BYTES = 64 * 1024


def read_sources(
    sources: Sequence[str],
    *,
    fields: Mapping[str, str] = {},
    max_chars: int = 1_000_000,
    stdin: BinaryIO | None = None,
) -> Iterator[Article | Reject]:
    """Read `sources` lazily, in a fixed order; `fields` maps our JSONL keys to theirs, as in `{"text": "body"}`."""
    options = reading_options(fields, max_chars)
    return compared((item for argument in sources for item in read_argument(argument, options, stdin)), max_chars)


def read_files(
    files: Iterable[Source | Reject], *, fields: Mapping[str, str] = {}, max_chars: int = 1_000_000
) -> Iterator[Article | Reject]:
    """Read files that were found before, as `read_sources` does; ids are compared among these files only."""
    options = reading_options(fields, max_chars)
    return compared((item for file in files for item in read_found(file, options)), max_chars)


def reading_options(fields: Mapping[str, str], max_chars: int) -> Options:
    unknown = sorted(set(fields) - set(KEYS))
    if unknown:
        raise OnRecordError(f"field {unknown[0]!r} is not one of {', '.join(KEYS)}; write OURS=THEIRS, as in text=body")
    return Options(dict(fields), max_chars)


def compared(items: Iterable[Article | Reject], max_chars: int) -> Iterator[Article | Reject]:
    """Yield `items`, a reject in place of each article that cannot be used or has the id of another before it."""
    ids = Ids()
    for item in items:
        yield checked(item, max_chars, ids) if isinstance(item, Article) else item


def read_argument(argument: str, options: Options, stdin: BinaryIO | None) -> Iterator[Article | Reject]:
    if argument == STDIN:
        yield from guarded(read_stdin(stdin, options), STDIN, STDIN)
        return
    for found in find(argument):
        yield from read_found(found, options)


def read_found(found: Source | Reject, options: Options) -> Iterator[Article | Reject]:
    if isinstance(found, Reject):
        yield found
    else:
        yield from guarded(READERS[found.ending](found, options), found.name, found.ending)


def guarded(items: Iterator[Article | Reject], name: str, ending: str) -> Iterator[Article | Reject]:
    """Turn what ends a file half-way, an unreadable disk or a missing extra, into a reject."""
    try:
        yield from items
    except ImportError as error:
        detail = f"{ending} files need the package {error.name}; install it"
        yield Reject(name, None, None, "missing-extra", detail)
    except OSError as error:
        yield Reject(name, None, None, "unreadable", f"{error.strerror or error}; check who may read it")


def read_stdin(stdin: BinaryIO | None, options: Options) -> Iterator[Article | Reject]:
    """Read JSONL if the first character is `{`, else one article."""
    stream = stdin if stdin is not None else standard_input()
    head = first_bytes(stream, byte_limit(options.max_chars))
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        yield from read_lines(Resumed(head, stream), STDIN, STDIN_ID, options)
        return
    try:
        yield text_article(stream, STDIN_ID, STDIN, options.max_chars, head=head)
    except Refusal as refusal:
        yield Reject(STDIN, None, STDIN_ID, refusal.reason, refusal.detail)


def standard_input() -> BinaryIO:
    if sys.stdin is None:  # closed by the shell: `<&-`
        raise OSError("standard input is closed")
    return sys.stdin.buffer


def first_bytes(stream: BinaryIO, limit: int) -> bytes:
    """Read until something is not blank, in pieces of a line, so that a pipe is not waited for."""
    head = bytearray()
    while len(head) <= limit and (piece := stream.readline(PIECE_BYTES)):
        begins = not head
        head += piece
        if piece.removeprefix(codecs.BOM_UTF8 if begins else b"").strip():
            break
    return bytes(head)
