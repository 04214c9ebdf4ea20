"""Read an HTML page: the article on it, without menus, comments and advertisements, by trafilatura.

In: bytes. Out: one article, its text the paragraphs as trafilatura gives them, a line each; or why there is none. A
page can keep a parser busy for hours, or fill the memory, so that pages are parsed in a child process under limits.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from onrecord.batch.worker import BROKEN, FAILED, LOADING_SECONDS, READY, Worker
from onrecord.readers.articles import Article, Options, Refusal, Reject, Source
from onrecord.readers.encodings import decode
from onrecord.readers.extras import need

# The limit that trafilatura sets itself; the largest articles with all their scripts stay below 5 MB.
MAX_PAGE_BYTES = 20 * 1024**2
# trafilatura takes 10 to 50 ms a page and gives up at 30 s itself, where nothing in it hangs.
PAGE_SECONDS = 30.0
# A page of 20 MB takes 1 GB; what needs more is made to (a column spanning 10^15 others).
PAGE_MEMORY = 4 * 1024**3
# Browsers look for the declaration in as many bytes.
HEAD_BYTES = 1024
DECLARED = re.compile(rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
# As browsers do: pages that declare these are meant so; UTF-16 cannot be declared in ASCII.
MEANT = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "utf-16": "utf-8"}


def read_html(source: Source, options: Options) -> Iterator[Article | Reject]:
    need("html", "trafilatura")
    try:
        if os.path.getsize(source.path) > MAX_PAGE_BYTES:
            raise too_large()
        with open(source.path, "rb") as stream:
            yield page_article(stream.read(MAX_PAGE_BYTES), source.stem, source.name)
    except Refusal as refusal:
        yield Reject(source.name, None, source.stem, refusal.reason, refusal.detail)


def too_large() -> Refusal:
    return Refusal("too-large", f"the page is over {MAX_PAGE_BYTES:,} bytes; give the article's text instead")


def page_article(
    data: bytes, ident: str, name: str, *, line: int | None = None, url: str | None = None, charset: str | None = None
) -> Article:
    """Make an article of a page; `url` and `charset` are what the server said. Raises Refusal where there is none."""
    markup, note = decode_page(data, charset)
    found = GUARD.extract(markup, url)
    if not found or not found["text"]:
        raise Refusal(
            "no-article", "no article on this page: a menu, a list of links, or made by scripts; leave it out"
        )
    return Article(
        id=ident,
        text=found["text"],
        source=name,
        title=found["title"],
        url=found["url"] or url,
        published=found["date"],
        line=line,
        meta={key: found[key] for key in ("author", "sitename") if found[key]},
        note=note,
    )


def decode_page(data: bytes, charset: str | None = None) -> tuple[str, str | None]:
    """Return a page as text: UTF-8 if it is that, else as declared, else as guessed, which the note says."""
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8-sig"), None
    declared = charset or head_charset(data)
    if declared:
        with suppress(UnicodeDecodeError, LookupError):
            return data.decode(MEANT.get(declared.lower(), declared)), None
    return decode(data)


def head_charset(data: bytes) -> str | None:
    match = DECLARED.search(data, 0, HEAD_BYTES)
    return match.group(1).decode("ascii", "replace") if match else None


class Guard:
    """Parses pages in a child process, which is replaced when a page kills it or takes too long."""

    def __init__(self) -> None:
        self.worker: Worker | None = None

    def extract(self, markup: str, url: str | None) -> dict[str, Any] | None:
        """Return what trafilatura finds; raise Refusal where it fails."""
        if self.worker is None:
            self.worker = Worker("onrecord.readers.html:make", {})
            self.receive(self.worker, LOADING_SECONDS)
        worker = self.worker
        try:
            worker.give((markup, url), PAGE_SECONDS)
        except OSError:
            raise self.lost(worker) from None
        found: dict[str, Any] | None = self.receive(worker, PAGE_SECONDS)
        return found

    def receive(self, worker: Worker, seconds: float) -> Any:
        try:
            if not worker.pipe.poll(seconds):
                self.drop(worker)
                raise Refusal("page-timeout", f"the page was not parsed after {seconds:.0f} s; give the text instead")
            kind, value = worker.hear()
        except (EOFError, OSError):
            raise self.lost(worker) from None
        if kind == BROKEN:
            self.drop(worker)
            raise OSError(value)
        if kind == FAILED:
            raise Refusal("page-failed", f"the page could not be parsed ({value}); give the article's text instead")
        return None if kind == READY else value

    def lost(self, worker: Worker) -> Refusal:
        epitaph = worker.epitaph()
        self.drop(worker)
        return Refusal("page-failed", f"the parser was {epitaph} at this page; give the article's text instead")

    def drop(self, worker: Worker) -> None:
        worker.kill()
        self.worker = None


GUARD = Guard()


def make(config: dict[str, Any]) -> tuple[dict[str, Any], Callable[[tuple[str, str | None]], dict[str, Any] | None]]:
    """In the child: limit the memory, load trafilatura; returns what finds the article in a page."""
    from trafilatura import bare_extraction

    limit_memory()

    def extract(page: tuple[str, str | None]) -> dict[str, Any] | None:
        markup, url = page
        found = bare_extraction(
            markup,
            url=url,
            include_comments=False,
            include_tables=False,
            with_metadata=True,
            date_extraction_params={"original_date": True, "extensive_search": False},
        )
        if found is None or isinstance(found, dict):
            return found
        return {key: getattr(found, key) or None for key in ("text", "title", "author", "url", "date", "sitename")}

    return {}, extract


def limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):  # there is no such limit on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (PAGE_MEMORY, PAGE_MEMORY))
