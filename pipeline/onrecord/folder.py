"""An output folder: claims, the journal of articles, rejects and the run's summary."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from onrecord.errors import OnRecordError
from onrecord.readers import Article, Reject
from onrecord.records import Record

CLAIMS, ARTICLES, REJECTS, RUN = "claims.jsonl", "articles.jsonl", "rejects.jsonl", "run.json"
FILES = (CLAIMS, ARTICLES, REJECTS, RUN)


def dump(data: Any) -> bytes:
    """Return one JSON line; refuses NaN."""
    return (json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


class OutputFolder:
    """Writes results; a context manager. `claims_end` in the journal is the length of the claims file in bytes."""

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        self.overwrite = overwrite
        self.claims_end = 0

    def __enter__(self) -> OutputFolder:
        there = [name for name in FILES if (self.path / name).exists()]
        if there and not self.overwrite:
            raise OnRecordError(f"{self.path} holds results already ({', '.join(there)}); use --overwrite or another folder")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for name in there:
                (self.path / name).unlink()
            self.claims, self.articles, self.rejects = (self.open(name) for name in (CLAIMS, ARTICLES, REJECTS))
        except OSError as error:
            raise OnRecordError(f"cannot write to {self.path}: {error.strerror}") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for file in (self.claims, self.articles, self.rejects):
            file.close()

    def open(self, name: str) -> IO[bytes]:
        return (self.path / name).open("wb")

    def add(self, article: Article, records: Sequence[Record]) -> None:
        """Write an article's claims, then its line in the journal."""
        data = b"".join(dump(record.to_dict()) for record in records)
        self.claims.write(data)
        self.claims.flush()
        self.claims_end += len(data)
        self.articles.write(dump(journal_line(article, len(records), self.claims_end)))
        self.articles.flush()

    def reject(self, reject: Reject) -> None:
        row = {key: getattr(reject, key) for key in ("source", "line", "id", "reason", "detail")}
        self.rejects.write(dump(row))
        self.rejects.flush()

    def finish(self, summary: dict[str, Any]) -> None:
        """Write run.json, the sign of a finished run, in one step."""
        scratch = self.path / f"{RUN}.part"
        scratch.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(scratch, self.path / RUN)


def journal_line(article: Article, claims: int, claims_end: int) -> dict[str, Any]:
    """Return an article's line in articles.jsonl."""
    return {
        "id": article.id,
        "source": article.source,
        "title": article.title,
        "url": article.url,
        "published": article.published,
        "sha256": hashlib.sha256(article.text.encode("utf-8")).hexdigest(),
        "characters": len(article.text),
        "words": len(article.text.split()),
        "claims": claims,
        "claims_end": claims_end,
        "note": article.note,
        "meta": article.meta or None,
        "text": article.text,
    }


def read_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value) of a JSONL file; raises OnRecordError naming file and line."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield number, json.loads(line)
                except json.JSONDecodeError as error:
                    raise OnRecordError(f"{path}:{number}: not JSON: {error}") from error
    except OSError as error:
        raise OnRecordError(f"cannot read {path}: {error.strerror}") from error
