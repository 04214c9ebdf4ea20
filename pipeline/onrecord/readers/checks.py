"""Refuse the articles that the pipeline could not carry through, whichever reader they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain

from onrecord.readers.articles import Article, Refusal, Reject, shown
from onrecord.readers.pathological import find_pathological

SURROGATE = re.compile("[\ud800-\udfff]")
# Python's json gives up at some 1,000, by version; below this everything that follows can write `meta` again.
MAX_DEPTH = 100
# 16 bytes an id: a hundred million articles need 10 GB, and two different ids meet once in 10^22 runs of that size.
ID_BYTES = 16
PLAIN_FIELDS = ("id", "text", "title", "url", "published")


class Ids:
    """The ids so far, as digests, so that a long run stays small; hence a reject cannot name the first article."""

    def __init__(self) -> None:
        self.digests: set[bytes] = set()

    def add(self, ident: str) -> bool:
        """Note `ident`; false if it was there."""
        size = len(self.digests)
        self.digests.add(blake2b(ident.encode("utf-8"), digest_size=ID_BYTES).digest())
        return len(self.digests) > size


def checked(article: Article, max_chars: int, ids: Ids) -> Article | Reject:
    """Return `article`, or why it cannot be used. An article that is refused leaves its id to another."""
    try:
        refuse_text(article.text, max_chars)
        refuse_surrogates(article)
        refuse_strain(article.text)
        if not ids.add(article.id):
            raise duplicate(article.id)
    except Refusal as refusal:
        ident = None if SURROGATE.search(article.id) else article.id
        return Reject(article.source, article.line, ident, refusal.reason, refusal.detail)
    return article


def duplicate(ident: str) -> Refusal:
    return Refusal("duplicate-id", f"an article before it has the id {shown(ident)}; give each its own")


def refuse_text(text: str, max_chars: int) -> None:
    if not text:
        raise Refusal("empty", "no text at all; leave this article out")
    if len(text) > max_chars:
        raise Refusal("too-long", f"{len(text):,} characters, the limit is {max_chars:,}; split it, or raise the limit")
    if text.isspace():
        raise Refusal("empty", f"{len(text):,} characters, all of them white space; leave this article out")


def refuse_strain(text: str) -> None:
    span = find_pathological(text)
    if span:
        start, end = span
        detail = (
            f"{end - start:,} characters without a space, from {start:,} on, {shown(text[start:end], 24)}, would hold "
            "up the tokenizer; cut them out or put spaces between"
        )
        raise Refusal("pathological", detail)


def refuse_surrogates(article: Article) -> None:
    r"""Refuse half a character, such as "\ud800" in JSON: no file in UTF-8 could hold it."""
    for key, value in chain(((name, getattr(article, name)) for name in PLAIN_FIELDS), article.meta.items()):
        for string in strings([key, value]):
            if match := SURROGATE.search(string):
                code = f"\\u{ord(match.group()):04x}"
                detail = f"{code} at character {match.start():,} under {shown(key)} is half of a pair; write UTF-8"
                raise Refusal("lone-surrogate", detail)


def strings(value: object) -> Iterator[str]:
    """Yield the strings in `value`, keys included, without recursion; refuse it if it is nested too deeply."""
    stack: list[tuple[object, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise Refusal("too-deep", f"nested deeper than {MAX_DEPTH}; leave out the key that holds this")
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, list):
            stack.extend((part, depth + 1) for part in item)
