"""spaCy's DocBin: each article as a Doc with its records in `doc._.onrecord["records"]` and their spans in `doc.spans`.

`doc.spans["onrecord_content"]` and so on for speaker, cue and target; a span's `id_` is its record's id. Spans are
widened to whole tokens; the records keep the exact characters. To read `doc._.onrecord` back, first
`import onrecord.annotations`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

import onrecord.annotations  # noqa: F401  # registers doc._.onrecord
from onrecord.exports.results import Result
from onrecord.readers import Article
from onrecord.records import Record

ROLES = ("content", "speaker", "cue", "target")


def write(results: Iterable[Result], path: Path) -> None:
    """Write one .spacy file."""
    nlp = spacy.blank("en")
    DocBin(store_user_data=True, docs=(make_doc(nlp, *result) for result in results)).to_disk(path)


def make_doc(nlp: Language, article: Article, records: Sequence[Record]) -> Doc:
    """Return an article as a tokenized Doc with its records."""
    doc = nlp.tokenizer(article.text)
    keys = ("id", "title", "url", "published")
    doc._.onrecord = {
        "article": {key: getattr(article, key) for key in keys},
        "records": [record.to_dict() for record in records],
    }
    groups: dict[str, list[Span]] = {role: [] for role in ROLES}
    for record in records:
        for role, part in spans(record):
            span = doc.char_span(part.start, part.end, label=role, alignment_mode="expand", span_id=record.id)
            if span is not None:
                groups[role].append(span)
    for role, found in groups.items():
        doc.spans[f"onrecord_{role}"] = found
    return doc


def spans(record: Record) -> Iterable[tuple[str, Any]]:
    yield from (("content", span) for span in record.content.spans)
    parts = {"speaker": record.speaker.mention, "cue": record.cue, "target": record.target}
    yield from ((role, part) for role, part in parts.items() if part is not None)
