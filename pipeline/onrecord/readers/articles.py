"""What the readers give out: articles, and rejects for what is none; with the few types that every reader shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onrecord.errors import OnRecordError


@dataclass(frozen=True, slots=True)
class Article:
    """A text as read, without a byte-order mark, and what its source says about it.

    `source` is the path as the user gave it, joined with the path below it; `-` is stdin. `line` counts from 1 and is
    for JSONL. `meta` holds the keys of a JSONL line that have no field here. `note` says what had to be guessed.
    """

    id: str
    text: str
    source: str
    title: str | None = None
    url: str | None = None
    published: str | None = None
    line: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """An input that is no article: `reason` is a stable slug, `detail` a sentence with the value and the remedy."""

    source: str
    line: int | None
    id: str | None
    reason: str
    detail: str


class Refusal(OnRecordError):
    """Raised below a reader and caught by it, to become a `Reject`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Source:
    """One input file: `path` is what to open, `name` what to show for it, `ending` the known ending that it has."""

    path: str
    name: str
    ending: str

    @property
    def stem(self) -> str:
        """The file name without its ending; all of it where nothing else is left."""
        file_name = printable_name(self.path)
        return file_name[: -len(self.ending)] or file_name


@dataclass(frozen=True, slots=True)
class Options:
    """`fields` maps the keys that we know (`text`, `id`, …) to those that a file has; `max_chars` is for each text."""

    fields: Mapping[str, str]
    max_chars: int


Reader = Callable[[Source, Options], Iterator[Article | Reject]]


def printable_name(path: str) -> str:
    """Return the last part of `path`, fit for UTF-8."""
    return printable(path.rstrip("/").rpartition("/")[2])


def printable(path: str) -> str:
    r"""Return `path` fit for UTF-8: a byte of a file name that is no UTF-8 becomes an escape such as `\xe9`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(value: object, width: int = 60) -> str:
    """Return `value` as Python would write it, cut to `width` characters, for use in a `detail`."""
    text = repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"
