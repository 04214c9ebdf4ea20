"""Read a Parquet file: one article a row, its columns as the keys of a JSON line would be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, time
from typing import Any

from onrecord.readers.articles import Article, Options, Refusal, Reject, Source
from onrecord.readers.extras import need
from onrecord.readers.jsonl import read_line

# Rows that are in memory at once, beside the column chunks that they come from.
ROWS_AT_ONCE = 64


def read_parquet(source: Source, options: Options) -> Iterator[Article | Reject]:
    """Read the rows; `line` is the row's number, from 1."""
    need("parquet", "pyarrow")
    from pyarrow import ArrowException

    number = 0
    try:
        for number, row in enumerate(rows(source.path), 1):
            try:
                line = json.dumps(row, default=plain).encode("utf-8")
            except Refusal as refusal:
                yield Reject(source.name, number, None, refusal.reason, refusal.detail)
            else:
                yield read_line(line, number, source.name, source.stem, options)
    except (ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        detail = f"torn or corrupt Parquet ({str(error).splitlines()[0]}); get the file anew; read up to row {number:,}"
        yield Reject(source.name, number or None, None, "corrupt-parquet", detail)


def rows(path: str) -> Iterator[dict[str, Any]]:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False):
            yield from batch.to_pylist()


def plain(value: object) -> str:
    """Return what JSON has no kind for as a string."""
    if isinstance(value, bytes):
        raise Refusal("wrong-type", "a column holds bytes, not text; cast it to a string")
    return value.isoformat() if isinstance(value, (date, time)) else str(value)
