"""CSV, a row an attribution, for spreadsheets and pandas.

Spreadsheets run what begins like a formula. A cell that begins so gets an apostrophe in front, as OWASP advises; all
other cells hold the words unchanged but for control characters. Rows end in a line feed; line breaks within a cell are
kept in quotation marks.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from onrecord.exports.results import Result
from onrecord.records import Record

# What a spreadsheet may take for a formula at the start of a cell, full-width forms among them.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Control characters, which steer terminals or which readers refuse; tab and line breaks are none of them.
CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)), "\ufffd")

Cell = str | int | float | None


def write(results: Iterable[Result], path: Path) -> None:
    """Write one table; the first row names the columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows: csv.DictWriter[str] | None = None
        for _, records in results:
            for record in records:
                row = {key: guarded(value) for key, value in flat(record).items()}
                if rows is None:
                    rows = csv.DictWriter(file, row, lineterminator="\n")
                    rows.writeheader()
                rows.writerow(row)


def guarded(value: Cell) -> Cell:
    """Return a cell that no spreadsheet runs; control characters become U+FFFD."""
    if not isinstance(value, str):
        return value
    words = value.translate(CONTROLS)
    return f"'{words}" if words.lstrip(" \u00a0\u200b\ufeff").startswith(FORMULA) else words


def flat(record: Record) -> dict[str, Cell]:
    """Return a record as one row."""
    speaker, cue, content, target = record.speaker, record.cue, record.content, record.target
    addressee, confidence = record.addressee, record.confidence
    return {
        "id": record.id,
        "doc_id": record.doc.id,
        "title": record.doc.title,
        "url": record.doc.url,
        "published": record.doc.published,
        "type": record.type,
        "speaker": speaker.name,
        "speaker_kind": speaker.kind,
        "speaker_title": speaker.title,
        "speaker_id": speaker.id,
        "mention": speaker.mention.text if speaker.mention else None,
        "resolved": speaker.resolved,
        "cue": cue.text if cue else None,
        "lemma": cue.lemma if cue else None,
        "act": cue.act if cue else None,
        "negated": str(cue.negated).lower() if cue else None,
        "content": content.text,
        "quotes": " … ".join(quote.text for quote in content.quotes) or None,
        "addressee": (addressee.name or addressee.text) if addressee else None,
        "stance": record.stance,
        "target": target.name if target else None,
        "target_kind": target.kind if target else None,
        "target_text": target.text if target else None,
        "within": record.within,
        "start": content.spans[0].start,
        "end": content.spans[-1].end,
        **{f"confidence_{part}": getattr(confidence, part) for part in type(confidence).model_fields},
    }
