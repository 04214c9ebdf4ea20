"""What the stages hand on to each other: plain data in `doc._.onrecord`, one list a stage.

Only dictionaries, lists, strings, numbers and None are kept there, so that a Doc survives `to_bytes` and `DocBin`;
dataclasses are made of them again on reading. Offsets are characters of `doc.text`, ends exclusive.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from spacy.tokens import Doc

Item = TypeVar("Item")

if not Doc.has_extension("onrecord"):
    Doc.set_extension("onrecord", default=None)


# A Doc puts its text together anew each time that it is asked for it.
TEXTS: WeakKeyDictionary[Doc, str] = WeakKeyDictionary()


def text_of(doc: Doc) -> str:
    """Return the text of a Doc."""
    if doc not in TEXTS:
        TEXTS[doc] = doc.text
    return TEXTS[doc]


def write(doc: Doc, layer: str, items: Iterable[Any]) -> None:
    """Store dataclass `items` as the list `layer` of `doc`, in place of what is there."""
    data = dict(doc._.onrecord or {})
    data[layer] = [plain(item) for item in items]
    doc._.onrecord = data


def plain(item: Any) -> dict[str, Any]:
    """Return the fields of a dataclass, which are plain data already: `dataclasses.asdict` would copy them all."""
    return {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}


def read(doc: Doc, layer: str, kind: type[Item]) -> list[Item]:
    """Return the list `layer` of `doc` as dataclasses of `kind`; empty if no stage has stored it."""
    stored = (doc._.onrecord or {}).get(layer, ())
    return [kind(**{key: frozen(value) for key, value in item.items()}) for item in stored]


def frozen(value: Any) -> Any:
    """Turn lists, at any depth, into tuples: what serialisation makes of them differs."""
    return tuple(map(frozen, value)) if isinstance(value, (list, tuple)) else value
