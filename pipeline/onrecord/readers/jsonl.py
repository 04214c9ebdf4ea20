"""Read JSONL: one article a line, as a JSON object with its text under `text` or the key that the user names.

In: lines of bytes. Out: for each line that is not blank an article or a reject, with its line number; one bad line
never costs the next one. Further keys go to `meta`. What the text must be like is checked elsewhere, for all readers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from onrecord.readers.articles import Article, Options, Refusal, Reject, Source, shown
from onrecord.readers.lines import Expanded, Stream, TooLong, numbered_lines

KEYS = ("id", "text", "title", "url", "published")
# Of the keys that a line without a text has instead, a reject shows this many characters.
SHOWN_KEYS = 200


def read_jsonl(source: Source, options: Options) -> Iterator[Article | Reject]:
    with open(source.path, "rb") as stream:
        yield from read_lines(stream, source.name, source.stem, options)


def read_jsonl_gz(source: Source, options: Options) -> Iterator[Article | Reject]:
    with open(source.path, "rb") as stream:
        yield from read_lines(Expanded(stream), source.name, source.stem, options)


def read_lines(stream: Stream, name: str, stem: str, options: Options) -> Iterator[Article | Reject]:
    """Read the articles of an open stream; an article without an id gets `stem:line`."""
    number = 0
    try:
        for number, line in numbered_lines(stream):
            if isinstance(line, TooLong):
                yield Reject(name, number, None, "line-too-long", line.detail)
            elif line.strip():
                yield read_line(line, number, name, stem, options)
    except Refusal as refusal:
        yield Reject(name, number or None, None, refusal.reason, f"{refusal.detail}; read up to line {number:,}")


def read_line(line: bytes, number: int, name: str, stem: str, options: Options) -> Article | Reject:
    ident = None
    try:
        record = parse(line)
        values = {key: record.get(options.fields.get(key, key)) for key in KEYS}
        ident = identifier(values["id"]) or f"{stem}:{number}"
        taken = {options.fields.get(key, key) for key in KEYS}
        return Article(
            id=ident,
            text=body(values["text"], record, options.fields.get("text", "text")),
            source=name,
            title=string(values, "title", options),
            url=string(values, "url", options),
            published=string(values, "published", options),
            line=number,
            meta={key: value for key, value in record.items() if key not in taken},
        )
    except Refusal as refusal:
        return Reject(name, number, ident, refusal.reason, refusal.detail)


def parse(line: bytes) -> dict[str, Any]:
    """Parse one line; NaN and the infinities, which pandas writes for what is missing, are null."""
    try:
        record = json.loads(line.rstrip(b"\r\n").decode("utf-8"), parse_constant=lambda _: None, parse_float=finite)
    except UnicodeDecodeError as error:
        detail = f"byte {error.start + 1:,} of the line is not UTF-8; save the file as UTF-8"
        raise Refusal("not-utf8", detail) from error
    except RecursionError as error:
        raise Refusal("too-deep", "nested too deeply; leave out the key that holds this") from error
    except json.JSONDecodeError as error:
        detail = f"not JSON: {error.msg} (character {error.pos:,}); each line must be one whole JSON object"
        raise Refusal("bad-json", detail) from error
    except ValueError as error:  # an integer of over 4,300 digits
        raise Refusal("bad-json", "an integer too long for Python; quote it") from error
    if not isinstance(record, dict):
        raise Refusal("not-an-object", f'{shown(record)} is not an object; write {{"text": "…"}}')
    return record


def finite(digits: str) -> float | None:
    """Read a number; 1e999 and its like, which JSON could not write again, are null."""
    number = float(digits)
    return number if math.isfinite(number) else None


def identifier(value: object) -> str | None:
    """Return an id as a string; None where there is none. `True` is no number here."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refusal("wrong-type", f"the id {shown(value)} is neither a string nor an integer; quote it")


def body(value: object, record: dict[str, Any], key: str) -> str:
    if value is None:
        keys = shown(list(record), SHOWN_KEYS)
        detail = f"no text under {shown(key)}; the keys are {keys}, name the right one: --field text=KEY"
        raise Refusal("no-text", detail)
    if not isinstance(value, str):
        raise Refusal("text-not-a-string", f"{shown(key)} is {shown(value)}, not a string; give the text as one string")
    return value


def string(values: dict[str, Any], key: str, options: Options) -> str | None:
    value = values[key]
    if value is None or isinstance(value, str):
        return value
    theirs = options.fields.get(key, key)
    detail = f"{shown(theirs)} is {shown(value)}, not a string; quote it, or name another key: --field {key}=KEY"
    raise Refusal("wrong-type", detail)
