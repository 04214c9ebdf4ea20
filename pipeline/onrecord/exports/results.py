"""Read an output folder back: articles with their records, in order, one article in memory at a time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from onrecord.batch.folder import ARTICLES, CLAIMS, read_lines
from onrecord.errors import OnRecordError
from onrecord.readers import Article
from onrecord.records import Record

# An article and what it attributes: what `onrecord.stream` yields, and what every export and the report take.
Result = tuple[Article, Sequence[Record]]


def read_records(path: Path) -> Iterator[Record]:
    """Yield the records of a folder, of a claims file, or of stdin (`-`); raises OnRecordError naming the line."""
    if str(path) == "-":
        yield from (parse(json_line(line, number), f"stdin:{number}") for number, line in enumerate(sys.stdin, 1))
        return
    claims = path / CLAIMS if path.is_dir() else path
    for number, line in read_lines(claims):
        yield parse(line, f"{claims}:{number}")


def read_results(folder: Path) -> Iterator[Result]:
    """Yield each article of the journal with its records; both files keep the same order."""
    groups = groupby(read_records(folder), key=lambda record: record.doc.id)
    waiting = next(groups, None)
    for number, line in read_lines(folder / ARTICLES):
        article = stored_article(line, f"{folder / ARTICLES}:{number}")
        records: list[Record] = []
        if waiting and waiting[0] == article.id:
            records = list(waiting[1])
            waiting = next(groups, None)
        check_spans(article, records, folder)
        yield article, records
    if waiting:
        raise OnRecordError(f"{folder / CLAIMS}: {waiting[0]!r} is not in {ARTICLES} there; see onrecord verify")


def json_line(line: str, number: int) -> Any:
    """Return a line of stdin as data."""
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise OnRecordError(f"stdin:{number}: not JSON: {error}") from error


def parse(line: Any, where: str) -> Record:
    """Return a line of a claims file as a record."""
    try:
        return Record.model_validate(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "record"
        raise OnRecordError(f"{where}: not a record: {place}: {first['msg']}; see onrecord verify") from error


def stored_article(line: Any, where: str) -> Article:
    """Return a line of the journal as an article."""
    if not isinstance(line, dict) or any(not isinstance(line.get(key), str) for key in ("id", "text")):
        raise OnRecordError(f"{where}: not an article: id and text must be there; see onrecord verify")
    return Article(
        id=line["id"],
        text=line["text"],
        source=line.get("source") or "",
        title=line.get("title"),
        url=line.get("url"),
        published=line.get("published"),
        meta=line.get("meta") or {},
        note=line.get("note"),
    )


def check_spans(article: Article, records: Iterable[Record], folder: Path) -> None:
    """Raise OnRecordError unless the records' words are the article's."""
    for record in records:
        for span in record.content.spans:
            if article.text[span.start : span.end] != span.text:
                raise OnRecordError(f"{folder}: record {record.id} does not fit its article; see onrecord verify")


def parts(record: Record) -> Iterator[tuple[str, Any, str | None]]:
    """Yield the spans beside the content: role, span, full name."""
    if record.speaker.mention:
        yield "speaker", record.speaker.mention, record.speaker.name
    if record.cue:
        yield "cue", record.cue, None
    for role, part in (("target", record.target), ("addressee", record.addressee)):
        if part:
            yield role, part, part.name
