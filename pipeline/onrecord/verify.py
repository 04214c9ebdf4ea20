"""Check an output folder against itself: every record against its article, and the journal against both.

Goes through the files side by side, one article and its claims at a time, so that the size of a run does not matter.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from onrecord.batch.folder import ARTICLES, CLAIMS, REJECTS, RUN, read_lines, read_summary
from onrecord.batch.journal import key
from onrecord.errors import OnRecordError
from onrecord.records import Record

REJECT_KEYS = ["source", "line", "id", "reason", "detail"]


def verify(folder: Path) -> Iterator[str]:
    """Yield what is wrong with `folder`, each with file and line; nothing if all is well.

    Raises OnRecordError where a file cannot be read at all.
    """
    try:
        with (folder / CLAIMS).open("rb") as claims:
            yield from Check(folder, claims).problems()
    except OSError as error:
        raise OnRecordError(f"cannot read {folder / CLAIMS}: {error.strerror}") from error


class Check:
    """Where the check of a folder has come to."""

    def __init__(self, folder: Path, claims: BinaryIO) -> None:
        self.folder = folder
        self.claims = claims
        self.line = 0  # of the claims
        self.counts: Counter[str] = Counter(articles=0, claims=0, rejects=0)
        self.ids: set[bytes] = set()

    def problems(self) -> Iterator[str]:
        for number, article in read_lines(self.folder / ARTICLES):
            self.counts["articles"] += 1
            for problem in self.article_problems(article):
                yield f"{self.folder / ARTICLES}:{number}: {problem}"
            if is_article(article):
                yield from self.claims_problems(article, number)
        size = (self.folder / CLAIMS).stat().st_size
        if self.claims.tell() != size:
            yield f"{self.folder / CLAIMS}: {size} bytes, the journal ends at {self.claims.tell()}"
        yield from self.rejects_problems()
        yield from self.run_problems()

    def article_problems(self, line: Any) -> Iterator[str]:
        """Yield what is wrong with a line of the journal by itself."""
        if not is_article(line):
            yield "not an article: text, id and claims_end are missing or of the wrong type"
            return
        text = line["text"]
        if key(line["id"]) in self.ids:
            yield f"id {line['id']!r} is there twice"
        self.ids.add(key(line["id"]))
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != line.get("sha256"):
            yield "the text does not have the hash in sha256"
        if line.get("characters") != len(text):
            yield f"characters is {line.get('characters')}, the text has {len(text)}"

    def claims_problems(self, article: dict[str, Any], number: int) -> Iterator[str]:
        """Yield what is wrong with the claims of an article, which end where it says."""
        count, ids, within = 0, set(), []
        while self.claims.tell() < article["claims_end"] and (data := self.claims.readline()):
            count, self.line = count + 1, self.line + 1
            where = f"{self.folder / CLAIMS}:{self.line}"
            record, problems = check_record(data, article)
            yield from (f"{where}: {problem}" for problem in problems)
            if record:
                if record.id in ids:
                    yield f"{where}: id {record.id} is there twice"
                ids.add(record.id)
                within.append((where, record.within))
        self.counts["claims"] += count
        yield from (
            f"{at}: within names {outer}, which is not there" for at, outer in within if outer and outer not in ids
        )
        where = f"{self.folder / ARTICLES}:{number}"
        if article.get("claims") != count:
            yield f"{where}: claims is {article.get('claims')}, {CLAIMS} has {count} up to claims_end"
        if self.claims.tell() != article["claims_end"]:
            yield f"{where}: claims_end is {article['claims_end']}, the line there ends at {self.claims.tell()}"

    def rejects_problems(self) -> Iterator[str]:
        if not (self.folder / REJECTS).exists():
            yield f"{self.folder / REJECTS}: missing"
            return
        for number, line in read_lines(self.folder / REJECTS):
            self.counts["rejects"] += 1
            if not isinstance(line, dict) or list(line) != REJECT_KEYS:
                yield f"{self.folder / REJECTS}:{number}: the keys are not {', '.join(REJECT_KEYS)}"

    def run_problems(self) -> Iterator[str]:
        """Yield what run.json says otherwise than the files."""
        summary = read_summary(self.folder)
        if not summary or not summary.get("finished"):
            yield f"{self.folder / RUN}: the run did not finish; go on with --resume"
            return
        said = summary.get("counts") or {}
        for name, count in self.counts.items():
            if said.get(name) != count:
                yield f"{self.folder / RUN}: {name} is {said.get(name)}, there are {count}"


def is_article(line: Any) -> bool:
    kinds = {"text": str, "id": str, "claims_end": int}
    return isinstance(line, dict) and all(isinstance(line.get(name), kind) for name, kind in kinds.items())


def check_record(data: bytes, article: dict[str, Any]) -> tuple[Record | None, list[str]]:
    """Return a line of the claims as a record, if it is one, and what is wrong with it."""
    try:
        line = json.loads(data)
        record = Record.model_validate(line, context={"text": article["text"]})
    except ValidationError as error:
        return None, [explain(problem) for problem in error.errors()]
    except ValueError as error:
        return None, [f"not JSON: {error}"]
    problems = []
    if record.doc.id != article["id"]:
        problems.append(f"of article {record.doc.id!r}, but among the claims of {article['id']!r}")
    if list(line) != list(record.to_dict()):
        problems.append("keys are not in the contract's order")
    return record, problems


def explain(problem: Any) -> str:
    """Return a pydantic error as one line: where in the record, and what."""
    return f"{'.'.join(map(str, problem['loc'])) or 'record'}: {problem['msg']}"
