"""From an HTTP response as a crawler stored it, head and body, to the page: unchunked, unpacked, within limits."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from onrecord.readers.articles import Refusal, shown
from onrecord.readers.html import MAX_PAGE_BYTES, too_large

STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})[^\r\n]*\r?\n")
HEAD_END = re.compile(rb"\r?\n\r?\n")
CHUNK_SIZE = re.compile(rb"\s*([0-9a-fA-F]{1,8})[^\n]*\n")
# zlib's name for: find out whether it is gzip or zlib.
EITHER = 32 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    kind: str
    charset: str | None
    headers: Message
    body: bytes

    @property
    def is_html(self) -> bool:
        return self.kind in ("text/html", "application/xhtml+xml")


def parse_response(data: bytes) -> Response:
    """Take a response apart; its body is as it was sent. Raises Refusal if `data` is none."""
    status, end = STATUS.match(data), HEAD_END.search(data)
    if not status or not end:
        raise Refusal("bad-http", f"not an HTTP response: it begins with {shown(data[:40])}; leave it out")
    headers = BytesHeaderParser().parsebytes(data[status.end() : end.end()])
    charset = headers.get_param("charset")
    return Response(
        int(status.group(1)),
        headers.get_content_type() if "content-type" in headers else "",
        charset if isinstance(charset, str) else None,
        headers,
        data[end.end() :],
    )


def page_of(response: Response) -> bytes:
    """Return the body as the server's program wrote it. Raises Refusal where that cannot be had."""
    body = response.body
    if "chunked" in str(response.headers.get("transfer-encoding", "")).lower():
        body = unchunk(body)
    for coding in reversed(str(response.headers.get("content-encoding", "")).lower().split(",")):
        body = unpack(body, coding.strip())
    if len(body) > MAX_PAGE_BYTES:
        raise too_large()
    return body


def unchunk(body: bytes) -> bytes:
    """Join the chunks; a body that has none, as crawlers leave it that unchunk and keep the header, is left alone."""
    pieces, at = [], 0
    while match := CHUNK_SIZE.match(body, at):
        size = int(match.group(1), 16)
        pieces.append(body[match.end() : match.end() + size])
        at = match.end() + size
        if size == 0:
            break
    return b"".join(pieces) or body


def unpack(body: bytes, coding: str) -> bytes:
    """Undo one content coding, as far as the limit; a body that is not packed, whatever its header, is left alone."""
    if coding in ("", "identity") or body.lstrip()[:1] == b"<":
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise Refusal("unknown-coding", f"the page is packed with {shown(coding)}; only gzip and deflate are known")
    try:
        return zlib.decompressobj(EITHER).decompress(body, MAX_PAGE_BYTES + 1)
    except zlib.error:
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, MAX_PAGE_BYTES + 1)
        except zlib.error as error:
            raise Refusal("bad-http", f"the page is said to be {coding}, but is not ({error}); leave it out") from error
