"""Check an output folder against itself: every record against its article, and the journal against both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from onrecord.folder import ARTICLES, CLAIMS, RUN, read_lines
from onrecord.records import Record


def verify(folder: Path) -> Iterator[str]:
    """Yield what is wrong with `folder`, each with file and line; nothing if all is well.

    Raises OnRecordError where a file cannot be read at all.
    """
    articles: dict[str, dict[str, Any]] = {}
    ends: list[tuple[int, str]] = []
    for number, line in read_lines(folder / ARTICLES):
        where = f"{folder / ARTICLES}:{number}"
        yield from (f"{where}: {problem}" for problem in article_problems(line, articles))
        if isinstance(line, dict) and "id" in line:
            articles[line["id"]] = line
            ends.append((line.get("claims_end", 0), line["id"]))
    yield from claims_problems(folder, articles, ends)
    if not (folder / RUN).exists():
        yield f"{folder / RUN}: missing: the run did not finish"


def article_problems(line: Any, seen: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a line of the journal by itself."""
    if not isinstance(line, dict) or not isinstance(line.get("text"), str):
        yield "not an article: no text"
        return
    text = line["text"]
    if line.get("id") in seen:
        yield f"id {line['id']!r} is there twice"
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != line.get("sha256"):
        yield "the text does not have the hash in sha256"
    if line.get("characters") != len(text):
        yield f"characters is {line.get('characters')}, the text has {len(text)}"


def claims_problems(folder: Path, articles: dict[str, Any], ends: list[tuple[int, str]]) -> Iterator[str]:
    """Yield what is wrong with the claims, and where they do not add up to what the journal says."""
    path = folder / CLAIMS
    counts: dict[str, int] = dict.fromkeys(articles, 0)
    ids: set[str] = set()
    within: list[tuple[str, str]] = []
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        doc_id = line.get("doc", {}).get("id") if isinstance(line, dict) else None
        if doc_id not in articles:
            yield f"{where}: no article {doc_id!r} in {ARTICLES}"
            continue
        counts[doc_id] += 1
        try:
            record = Record.model_validate(line, context={"text": articles[doc_id]["text"]})
        except ValidationError as error:
            yield from (f"{where}: {explain(problem)}" for problem in error.errors())
            continue
        if list(line) != list(record.to_dict()):
            yield f"{where}: keys are not in the contract's order"
        if record.id in ids:
            yield f"{where}: id {record.id} is there twice"
        ids.add(record.id)
        if record.within:
            within.append((where, record.within))
    yield from (f"{where}: within names {outer}, which is not there" for where, outer in within if outer not in ids)
    yield from journal_problems(folder, articles, counts, ends)


def explain(problem: Any) -> str:
    """Return a pydantic error as one line: where in the record, and what."""
    return f"{'.'.join(map(str, problem['loc'])) or 'record'}: {problem['msg']}"


def journal_problems(
    folder: Path, articles: dict[str, Any], counts: dict[str, int], ends: list[tuple[int, str]]
) -> Iterator[str]:
    """Yield where counts and byte lengths in the journal differ from the claims file."""
    for doc_id, article in articles.items():
        if article.get("claims") != counts[doc_id]:
            yield f"{folder / ARTICLES}: {doc_id}: claims is {article.get('claims')}, {CLAIMS} has {counts[doc_id]}"
    if any(two[0] < one[0] for one, two in zip(ends, ends[1:])):
        yield f"{folder / ARTICLES}: claims_end falls from one line to the next"
    size = (folder / CLAIMS).stat().st_size
    if (ends[-1][0] if ends else 0) != size:
        yield f"{folder / CLAIMS}: {size} bytes, the journal ends at {ends[-1][0] if ends else 0}"


