"""Label Studio: tasks.json with the records as predictions, and labels.xml, the labelling interface that fits them.

Regions are content, speaker, cue, target and addressee; the content's carries the stance, the others their full names,
and relations lead from the content to the others. Positions count code points, as Label Studio does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from onrecord import __version__
from onrecord.exports.results import Result, parts
from onrecord.readers import Article
from onrecord.records import Record

INTERFACE = """<View>
  <Header value="$title"/>
  <Labels name="role" toName="text">
    <Label value="Content" background="#2b4c7e"/>
    <Label value="Speaker" background="#0b6b61"/>
    <Label value="Cue" background="#8a6d1f"/>
    <Label value="Target" background="#a8321c"/>
    <Label value="Addressee" background="#6f6a62"/>
  </Labels>
  <Relations>
    <Relation value="speaker"/>
    <Relation value="cue"/>
    <Relation value="target"/>
    <Relation value="addressee"/>
    <Relation value="continued"/>
  </Relations>
  <Text name="text" value="$text" valueType="text"/>
  <Choices name="stance" toName="text" perRegion="true" whenTagName="role" whenLabelValue="Content">
    <Choice value="support"/>
    <Choice value="oppose"/>
    <Choice value="neutral"/>
  </Choices>
  <TextArea name="name" toName="text" perRegion="true" placeholder="full name" maxSubmissions="1"/>
</View>
"""


def write(results: Iterable[Result], path: Path) -> None:
    """Write tasks.json, a task a line, and labels.xml into the folder `path`."""
    (path / "labels.xml").write_text(INTERFACE, encoding="utf-8")
    with (path / "tasks.json").open("w", encoding="utf-8", newline="\n") as file:
        separator = "[\n"
        for article, records in results:
            file.write(separator + json.dumps(task(article, records), ensure_ascii=False))
            separator = ",\n"
        file.write("[]\n" if separator == "[\n" else "\n]\n")


def task(article: Article, records: Sequence[Record]) -> dict[str, Any]:
    """Return an article as a task with one prediction."""
    result = [item for record in records for item in items(record)]
    sure = [record.confidence.attribution for record in records if record.confidence.attribution is not None]
    return {
        "data": {
            "text": article.text,
            "id": article.id,
            "title": article.title or article.id,
            "url": article.url,
            "published": article.published,
        },
        "predictions": [
            {
                "model_version": f"onrecord {__version__}",
                **({"score": sum(sure) / len(sure)} if sure else {}),
                "result": result,
            }
        ],
    }


def items(record: Record) -> Iterator[dict[str, Any]]:
    """Yield a record's regions, what they carry, and the relations between them."""
    first, *others = record.content.spans
    main = f"{record.id}-content"
    yield region(main, first, "Content")
    yield carried(main, first, "stance", "choices", {"choices": [record.stance]})
    for number, span in enumerate(others, 1):
        yield region(f"{main}-{number}", span, "Content")
        yield relation(main, f"{main}-{number}", "continued")
    for role, span, name in parts(record):
        yield region(f"{record.id}-{role}", span, role.capitalize())
        yield relation(main, f"{record.id}-{role}", role)
        if name:
            yield carried(f"{record.id}-{role}", span, "name", "textarea", {"text": [name]})


def region(key: str, span: Any, label: str) -> dict[str, Any]:
    value = {"start": span.start, "end": span.end, "text": span.text, "labels": [label]}
    return {"id": key, "from_name": "role", "to_name": "text", "type": "labels", "value": value}


def carried(key: str, span: Any, control: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return what a control says about the region `key`."""
    value = {"start": span.start, "end": span.end, **value}
    return {"id": key, "from_name": control, "to_name": "text", "type": kind, "value": value}


def relation(one: str, two: str, label: str) -> dict[str, Any]:
    return {"type": "relation", "from_id": one, "to_id": two, "direction": "right", "labels": [label]}
