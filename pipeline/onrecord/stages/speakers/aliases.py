"""The user's own names for people and bodies: a file of patterns, found in a Doc.

In: a file in the form of spaCy's EntityRuler, one JSON object a line with `label`, `pattern` and `id`. Out: `Alias`es
by position. Patterns of one id mean one entity, whose name is the first of them that is a string.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.matcher import Matcher, PhraseMatcher
from spacy.tokens import Doc

from onrecord.errors import OnRecordError
from onrecord.stages.speakers.entities import KINDS, Alias


class Aliases:
    """The patterns of one file, ready to be found."""

    def __init__(self, nlp: Language, path: Path) -> None:
        self.phrases, self.patterns = PhraseMatcher(nlp.vocab), Matcher(nlp.vocab)
        self.names: dict[str, str] = {}
        self.rows: list[dict[str, Any]] = []
        for row in read_rows(path):
            self.add(nlp, row)

    def add(self, nlp: Language, row: dict[str, Any]) -> None:
        """Take in a row of the file."""
        key = f"{len(self.rows)}"
        self.rows.append(row)
        if isinstance(row["pattern"], str):
            self.phrases.add(key, [nlp.make_doc(row["pattern"])])
            self.names.setdefault(row.get("id") or row["pattern"], row["pattern"])
        else:
            self.patterns.add(key, [row["pattern"]])

    def find(self, doc: Doc) -> list[Alias]:
        """Return what the patterns find, in text order; of matches that overlap the longest stays."""
        matches = [match for matcher in (self.phrases, self.patterns) if len(matcher) for match in matcher(doc)]
        found: list[Alias] = []
        for key, first, last in sorted(matches, key=lambda match: (match[1], -match[2])):
            span = doc[first:last]
            if not found or span.start_char >= found[-1].end:
                row = self.rows[int(doc.vocab.strings[key])]
                name = self.names.get(row.get("id") or str(row["pattern"]), span.text)
                kind = KINDS.get(row["label"], "organization")
                found.append(Alias(span.start_char, span.end_char, kind, name, row.get("id")))
        return found


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of aliases; an error names its line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise OnRecordError(f"{path}: cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise OnRecordError(f"{path}:{number}: not JSON: {error.msg}") from error
        if not isinstance(row, dict) or not isinstance(row.get("pattern"), (str, list)) or not row["pattern"]:
            raise OnRecordError(f"{path}:{number}: 'pattern' must be a string or a list of token patterns")
        if not isinstance(row.get("label"), str):
            raise OnRecordError(f"{path}:{number}: 'label' is missing; use one of {', '.join(sorted(KINDS))}")
        if row.get("id") is not None and not isinstance(row["id"], str):
            raise OnRecordError(f"{path}:{number}: 'id' must be a string, not {row['id']!r}")
        yield row
