"""The contract: what a record accepts, what it refuses, and the committed schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from onrecord.records import Record, json_schema, record_id

TEXT = "“We lost,” Ana Ruiz said."


def span(words: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words), "text": words}


def sample() -> dict[str, Any]:
    record: dict[str, Any] = {
        "schema": "onrecord/1",
        "id": "",
        "doc": {"id": "a", "title": None, "url": None, "published": None},
        "type": "direct",
        "speaker": {
            "name": "Ana Ruiz", "kind": "person", "title": None, "id": None,
            "mention": span("Ana Ruiz"), "resolved": "name",
        },
        "cue": {**span("said"), "lemma": "say", "act": "assert", "negated": False},
        "content": {"text": "“We lost,”", "spans": [span("“We lost,”")], "quotes": [span("We lost,")]},
        "addressee": None,
        "stance": "neutral",
        "target": {"name": None, "kind": "thing", **span("We")},
        "other_targets": [],
        "within": None,
        "context": {"start": 0, "end": len(TEXT)},
        "confidence": {"attribution": 0.97, "speaker": None, "stance": 0.5, "target": 0.123456},
    }  # fmt: skip
    return record


def with_id(record: dict[str, Any]) -> dict[str, Any]:
    class At:
        def __init__(self, data: dict[str, Any]) -> None:
            self.start, self.end = data["start"], data["end"]

    cue = At(record["cue"]) if record["cue"] else None
    record["id"] = record_id(record["doc"]["id"], cue, [At(s) for s in record["content"]["spans"]])  # type: ignore[arg-type, misc]
    return record


def test_a_sound_record_comes_back_as_it_went_in() -> None:
    data = with_id(sample())
    record = Record.model_validate(data, context={"text": TEXT})
    out = record.to_dict()
    data["confidence"]["target"] = 0.1235
    assert out == data
    assert list(out) == list(data)
    assert [list(out[key]) for key in ("speaker", "cue", "content", "target")] == [
        list(data[key]) for key in ("speaker", "cue", "content", "target")
    ]


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def apply(data: dict[str, Any]) -> None:
        *keys, last = path.split(".")
        for key in keys:
            data = data[int(key)] if key.isdigit() else data[key]
        data[last] = value

    return apply


REFUSED = [
    ("unknown key", change("colour", "red"), "colour"),
    ("another schema", change("schema", "onrecord/2"), "onrecord/1"),
    ("an id that nothing gives", change("id", "0" * 16), "which its document, cue and content give"),
    ("an id that is no id", change("id", "xyz"), "id"),
    ("unknown stance", change("stance", "maybe"), "stance"),
    ("unknown act", change("cue.act", "sing"), "cue.act"),
    ("unknown kind", change("speaker.kind", "robot"), "speaker.kind"),
    ("unknown type", change("type", "quoted"), "type"),
    ("words too long for their offsets", change("cue.text", "said so"), "7 characters, not 4"),
    ("words that the article does not have", change("cue.text", "sang"), "is 'said', not 'sang'"),
    ("an end before its start", change("context", {"start": 9, "end": 9}), "not before"),
    ("negative offsets", change("context.start", -1), "context.start"),
    ("content that is not its pieces", change("content.text", "We lost"), "joined by one space"),
    ("no content", change("content.spans", []), "content.spans"),
    ("a quote outside of the content", change("content.quotes", [span("Ana")]), "outside of the content"),
    ("direct without a quote", change("content.quotes", []), "nothing is quoted"),
    ("a probability over 1", change("confidence.stance", 1.5), "confidence.stance"),
    ("not a number", change("confidence.stance", float("nan")), "confidence.stance"),
    ("context that misses the cue", change("context.end", 10), "outside of the context"),
    ("a record within itself", change("within", "SELF"), "within"),
]


@pytest.mark.parametrize(("name", "apply", "says"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(name: str, apply: Callable[[dict[str, Any]], None], says: str) -> None:
    data = with_id(copy.deepcopy(sample()))
    apply(data)
    if data["within"] == "SELF":
        data["within"] = data["id"]
    with pytest.raises(ValidationError, match=says):
        Record.model_validate(data, context={"text": TEXT})


def test_records_are_frozen() -> None:
    record = Record.model_validate(with_id(sample()))
    with pytest.raises(ValidationError):
        record.stance = "oppose"


def test_the_committed_schema_is_the_models() -> None:
    committed = json.loads(files("onrecord").joinpath("record.schema.json").read_text(encoding="utf-8"))
    assert committed == json_schema(), "run: onrecord schema > pipeline/onrecord/record.schema.json"


def test_ids_depend_on_document_cue_and_content_alone() -> None:
    one, two = with_id(sample()), with_id(sample())
    two["stance"] = "oppose"
    assert with_id(two)["id"] == one["id"]
    two["doc"]["id"] = "b"
    assert with_id(two)["id"] != one["id"]
