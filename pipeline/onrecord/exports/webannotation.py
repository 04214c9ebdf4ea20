"""W3C Web Annotation: one JSON-LD page of annotations, whose selectors find the words again in a changed text.

An annotation's target is the content, a selector pair for each of its pieces; its bodies name the speaker, stance, type
and act, and point at the words of speaker, cue, target and addressee. Positions count code points, as in the standard.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from onrecord.exports.results import Result
from onrecord.readers import Article
from onrecord.records import Record

CONTEXT = ["http://www.w3.org/ns/anno.jsonld", {"role": "urn:onrecord:role"}]
# Characters before and after that a quote selector gives.
AROUND = 32
LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def write(results: Iterable[Result], path: Path) -> None:
    """Write one AnnotationPage, an annotation a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"@context": {json.dumps(CONTEXT)}, "type": "AnnotationPage", "items": [')
        separator = "\n"
        for article, records in results:
            for record in records:
                file.write(separator + json.dumps(annotation(article, record), ensure_ascii=False))
                separator = ",\n"
        file.write("\n]}\n")


def annotation(article: Article, record: Record) -> dict[str, Any]:
    """Return a record as an annotation."""
    return {
        "id": f"urn:onrecord:{record.id}",
        "type": "Annotation",
        "motivation": "identifying",
        "body": list(bodies(article, record)),
        "target": [selected(article, span, "content") for span in record.content.spans],
    }


def bodies(article: Article, record: Record) -> Iterator[dict[str, Any]]:
    """Yield what is said about the content: words of a closed set as tags, then the other spans."""
    if record.speaker.name:
        yield text_body("identifying", record.speaker.name, "speaker")
    yield text_body("classifying", record.stance, "stance")
    yield text_body("classifying", record.type, "type")
    if record.cue:
        yield text_body("classifying", record.cue.act, "act")
    if record.target and record.target.name:
        yield text_body("identifying", record.target.name, "target")
    spans = (record.speaker.mention, record.cue, record.target, record.addressee)
    parts = dict(zip(("speaker", "cue", "target", "addressee"), spans))
    yield from (selected(article, part, role) for role, part in parts.items() if part is not None)


def text_body(purpose: str, value: str, role: str) -> dict[str, Any]:
    return {"type": "TextualBody", "purpose": purpose, "role": role, "value": value, "format": "text/plain"}


def selected(article: Article, span: Any, role: str) -> dict[str, Any]:
    """Return a stretch of the article, by position and by its words."""
    text, start, end = article.text, span.start, span.end
    return {
        "type": "SpecificResource",
        "role": role,
        "source": source(article),
        "selector": [
            {"type": "TextPositionSelector", "start": start, "end": end},
            {
                "type": "TextQuoteSelector",
                "exact": text[start:end],
                "prefix": text[max(0, start - AROUND) : start],
                "suffix": text[end : end + AROUND],
            },
        ],
    }


def source(article: Article) -> str:
    """Return the article's web address, or a name for it where it has none."""
    if article.url and LINK.fullmatch(article.url):
        return article.url
    return f"urn:onrecord:document:{quote(article.id, safe='')}"
