"""brat standoff: for each article a .txt and a .ann, with annotation.conf, and documents.jsonl to tell which is which.

Files are named after a hash of the article's id, never after the id itself, which may be any string. A span with line
breaks is cut into pieces at them, as brat wants.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from onrecord.exports.results import Result, parts
from onrecord.labels import ACTS, STANCES, TYPES
from onrecord.records import Record

CONFIG = f"""[entities]
Content
Speaker
Cue
Target
Addressee

[relations]
speaker\tArg1:Content, Arg2:Speaker
cue\tArg1:Content, Arg2:Cue
target\tArg1:Content, Arg2:Target
addressee\tArg1:Content, Arg2:Addressee
<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>

[events]

[attributes]
stance\tArg:Content, Value:{"|".join(STANCES)}
type\tArg:Content, Value:{"|".join(TYPES)}
act\tArg:Cue, Value:{"|".join(ACTS)}
negated\tArg:Cue
"""


def write(results: Iterable[Result], path: Path) -> None:
    """Write two files an article into the folder `path`."""
    (path / "annotation.conf").write_text(CONFIG, encoding="utf-8")
    with (path / "documents.jsonl").open("w", encoding="utf-8", newline="\n") as index:
        for article, records in results:
            name = file_name(article.id)
            (path / f"{name}.txt").write_bytes(article.text.encode("utf-8"))
            lines = "".join(f"{line}\n" for line in standoff(records, article.text))
            (path / f"{name}.ann").write_bytes(lines.encode("utf-8"))
            entry = {"file": name, "id": article.id, "title": article.title, "url": article.url}
            index.write(json.dumps(entry, ensure_ascii=False) + "\n")


def file_name(doc_id: str) -> str:
    """Return a name that is safe on every file system and differs for every id: plain letters of it, and a hash."""
    plain = re.sub(r"[^a-z0-9]+", "-", doc_id.lower()).strip("-")[:40].rstrip("-")
    digest = hashlib.sha256(doc_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{plain}-{digest}" if plain else digest


class Lines:
    """The lines of one .ann file, numbered by sort as they come: T1, R1, A1, #1."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.counts: dict[str, int] = {}

    def add(self, sort: str, *fields: str) -> str:
        """Append a line; returns its id."""
        self.counts[sort] = self.counts.get(sort, 0) + 1
        key = f"{sort}{self.counts[sort]}"
        self.lines.append("\t".join((key, *fields)))
        return key


def standoff(records: Sequence[Record], text: str) -> list[str]:
    """Return the lines of an article's .ann file."""
    lines = Lines()
    for record in records:
        content = lines.add("T", *text_bound("Content", record.content.spans, text))
        lines.add("A", f"stance {content} {record.stance}")
        lines.add("A", f"type {content} {record.type}")
        lines.add("#", f"AnnotatorNotes {content}", one_line(f"onrecord {record.id}"))
        for role, part, name in parts(record):
            key = lines.add("T", *text_bound(role.capitalize(), [part], text))
            lines.add("R", f"{role} Arg1:{content} Arg2:{key}")
            if name:
                lines.add("#", f"AnnotatorNotes {key}", one_line(name))
            if role == "cue" and record.cue:
                lines.add("A", f"act {key} {record.cue.act}")
                if record.cue.negated:
                    lines.add("A", f"negated {key}")
    return lines.lines


def text_bound(label: str, spans: Iterable[Any], text: str) -> tuple[str, str]:
    """Return a text-bound annotation's two fields: label with offsets, and the words."""
    pieces = [piece for span in spans for piece in unbroken(span.start, span.end, text)]
    offsets = ";".join(f"{start} {end}" for start, end in pieces)
    return f"{label} {offsets}", " ".join(text[start:end].replace("\t", " ") for start, end in pieces)


def unbroken(start: int, end: int, text: str) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a span between its line breaks."""
    for piece in re.finditer(r"[^\r\n]+", text[start:end]):
        yield start + piece.start(), start + piece.end()


def one_line(words: str) -> str:
    return " ".join(words.split())
