"""Explain one record of an output folder: how its speaker was found, and who else was considered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from onrecord.assembly import records_of
from onrecord.batch.folder import RUN
from onrecord.errors import OnRecordError
from onrecord.exports.results import read_results
from onrecord.pipeline import load
from onrecord.readers import Article
from onrecord.records import Document, Record
from onrecord.stages.speakers import RESOLVERS, Explanation, explain


def why(record_id: str, folder: Path) -> tuple[Record, Explanation]:
    """Process a record's article again, as the run did, and return the record with its speaker's explanation.

    Raises OnRecordError if no record has this id, or if this version no longer finds it.
    """
    article, record = find_record(record_id, folder)
    options = run_options(folder)
    nlp = load(**{key: options[key] for key in ("base", "model", "aliases") if options.get(key)})
    doc = nlp(article.text)
    found = records_of(doc, Document(id=article.id, title=None, url=None, published=None))
    numbers = {one.id: number for number, one in enumerate(found)}
    if record_id not in numbers:
        raise OnRecordError(f"{record_id}: this version does not find the record any more; run onrecord extract again")
    return record, explain(RESOLVERS[doc], numbers[record_id])


def find_record(record_id: str, folder: Path) -> tuple[Article, Record]:
    """Return a record with its article."""
    for article, records in read_results(folder):
        for record in records:
            if record.id == record_id:
                return article, record
    raise OnRecordError(f"no record {record_id!r} in {folder}; ids are in its claims.jsonl")


def run_options(folder: Path) -> dict[str, Any]:
    """Return the options of a folder's run."""
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise OnRecordError(f"cannot read {folder / RUN}: {error}") from error
    return dict(run.get("options") or {})
