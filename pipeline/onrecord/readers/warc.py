"""Read a WARC file, as web crawlers write them: an article for each response that is an HTML page.

Requests, metadata, pictures, scripts and revisits of pages are passed over; a page that is broken, clipped or an error
message becomes a reject, and the rest goes on: where a record is damaged, the next one is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from onrecord.readers.articles import Article, Options, Refusal, Reject, Source
from onrecord.readers.extras import need
from onrecord.readers.html import MAX_PAGE_BYTES, page_article, too_large
from onrecord.readers.http import page_of, parse_response

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

GZIP, PLAIN = b"\x1f\x8b\x08", b"WARC/1."
PIECE_BYTES = 1024**2


def read_warc(source: Source, options: Options) -> Iterator[Article | Reject]:
    """Read the pages of a file; `line` is the number of the response, an article's id its URL."""
    need("warc", "fastwarc", "trafilatura")
    with open(source.path, "rb") as stream:
        for number, found in enumerate(responses(stream), 1):
            item = found if isinstance(found, Refusal) else read_response(found, number, source.name)
            if isinstance(item, Refusal):
                yield Reject(source.name, number, None, item.reason, item.detail)
            elif item is not None:
                yield item


def responses(stream: BinaryIO) -> Iterator[WarcRecord | Refusal]:
    """Yield the responses, and a Refusal for each stretch of the file that holds no record."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    mark = GZIP if stream.read(len(GZIP)) == GZIP else PLAIN
    at: int | None = 0
    lost = False
    while at is not None:
        stream.seek(at)
        base = at
        try:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=False):
                at, lost = base + record.stream_pos, False
                yield record
            return
        except OSError as error:
            if error.errno is not None:
                raise
            if not lost:
                yield Refusal("broken-record", f"damaged after byte {at:,} ({error}); get the file anew")
            lost = True
            at = find_mark(stream, mark, at + 1)


def find_mark(stream: BinaryIO, mark: bytes, start: int) -> int | None:
    """Return where the next record may begin, at `start` or later."""
    stream.seek(start)
    window, at = b"", start
    while piece := stream.read(PIECE_BYTES):
        window += piece
        found = window.find(mark)
        if found >= 0:
            return at + found
        at += max(0, len(window) - len(mark))
        window = window[-len(mark) :]
    return None


def read_response(record: WarcRecord, number: int, name: str) -> Article | Reject | None:
    """Return the article of a response, None if it is no page."""
    url = record.headers.get("WARC-Target-URI")
    url = url.strip("<>") if url else None
    try:
        length = record.content_length
        data = record.reader.read(min(length, MAX_PAGE_BYTES + PIECE_BYTES))
        if len(data) < min(length, MAX_PAGE_BYTES):
            raise Refusal("clipped-record", f"{len(data):,} bytes of {length:,}; get the file anew")
        response = parse_response(data)
        if not response.is_html:
            return None
        if response.status != 200:
            raise Refusal("http-status", f"the server answered {response.status}, so this is no article; leave it out")
        if length > len(data):
            raise too_large()
        if not url:
            raise Refusal("broken-record", "the record does not name the page's URL; get the file anew")
        return page_article(page_of(response), url, name, line=number, url=url, charset=response.charset)
    except Refusal as refusal:
        return Reject(name, number, url, refusal.reason, refusal.detail)
