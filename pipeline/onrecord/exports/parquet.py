"""Parquet, a row an attribution, with the record's own nested keys and fixed types; needs pyarrow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from onrecord.exports.results import Result
from onrecord.records import SCHEMA

# Rows in one row group: what is in memory at a time.
ROWS = 5_000

SPAN = [("start", pa.int64()), ("end", pa.int64()), ("text", pa.string())]
TARGET = [("name", pa.string()), ("kind", pa.string()), *SPAN]
COLUMNS = [
    ("schema", pa.string()),
    ("id", pa.string()),
    ("doc", pa.struct([(key, pa.string()) for key in ("id", "title", "url", "published")])),
    ("type", pa.string()),
    (
        "speaker",
        pa.struct(
            [
                *((key, pa.string()) for key in ("name", "kind", "title", "id")),
                ("mention", pa.struct(SPAN)),
                ("resolved", pa.string()),
            ]
        ),
    ),
    ("cue", pa.struct([*SPAN, ("lemma", pa.string()), ("act", pa.string()), ("negated", pa.bool_())])),
    (
        "content",
        pa.struct([("text", pa.string()), ("spans", pa.list_(pa.struct(SPAN))), ("quotes", pa.list_(pa.struct(SPAN)))]),
    ),
    ("addressee", pa.struct([("name", pa.string()), *SPAN])),
    ("stance", pa.string()),
    ("target", pa.struct(TARGET)),
    ("other_targets", pa.list_(pa.struct([*TARGET, ("stance", pa.string())]))),
    ("within", pa.string()),
    ("context", pa.struct([("start", pa.int64()), ("end", pa.int64())])),
    (
        "confidence",
        pa.struct([(part, pa.float64()) for part in ("attribution", "speaker", "stance", "target")]),
    ),
]


def write(results: Iterable[Result], path: Path) -> None:
    """Write one file, whole or not at all."""
    schema = pa.schema(COLUMNS, metadata={"schema": SCHEMA})
    scratch = path.with_name(f"{path.name}.part")
    with pq.ParquetWriter(scratch, schema) as writer:
        for rows in batches(results):
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    os.replace(scratch, path)


def batches(results: Iterable[Result]) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of all articles as data, so many at a time."""
    rows = (record.to_dict() for record in chain.from_iterable(records for _, records in results))
    while batch := list(islice(rows, ROWS)):
        yield batch
