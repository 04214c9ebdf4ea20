"""Read gold: articles with attributed spans, and labels that say what an attribution means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from onrecord.batch.folder import read_lines
from onrecord.errors import OnRecordError

ROLES = ("source", "cue", "content")
# Half-open ranges of characters, in text order.
Ranges = tuple[tuple[int, int], ...]
# The spans of an attribution by role.
Roles = Mapping[str, Ranges]


@dataclass(frozen=True, slots=True)
class GoldArticle:
    """A text with its attributions by id, in the order of the file."""

    id: str
    text: str
    attributions: dict[str, Roles]


@dataclass(frozen=True, slots=True)
class Label:
    """What an attribution means. Each field holds the answers that count as right; the first is the preferred one."""

    speaker: tuple[str | None, ...]
    kind: tuple[str, ...]
    addressee: tuple[str | None, ...]
    stance: tuple[str, ...]
    target: tuple[str | None, ...]
    target_name: tuple[str | None, ...]

    def speakers(self) -> Iterator[tuple[str | None, str]]:
        """Yield each speaker that is right, with its kind."""
        return zip(self.speaker, cycle(self.kind))


# Labels by article and attribution.
Labels = Mapping[tuple[str, str], Label]


def read_gold(path: Path) -> dict[str, GoldArticle]:
    """Read gold articles by id; raises OnRecordError naming the line."""
    articles: dict[str, GoldArticle] = {}
    for number, line in read_lines(path):
        article = gold_article(line, f"{path}:{number}")
        if article.id in articles:
            raise OnRecordError(f"{path}:{number}: doc_id {article.id!r} is there twice")
        articles[article.id] = article
    return articles


def gold_article(line: Any, where: str) -> GoldArticle:
    """Return a line of a gold file as an article."""
    if not isinstance(line, dict) or not all(isinstance(line.get(key), str) for key in ("doc_id", "text")):
        raise OnRecordError(f"{where}: not a gold article: doc_id and text must be there")
    items: dict[str, Roles] = {}
    for number, item in enumerate(line.get("attributions") or ()):
        name = f"{where}: attribution {number}"
        items[item.get("id", str(number))] = {
            role: check_ranges(item.get(role) or (), len(line["text"]), f"{name}, {role}") for role in ROLES
        }
    return GoldArticle(line["doc_id"], line["text"], items)


def check_ranges(pairs: Any, length: int, where: str) -> Ranges:
    """Return [start, end] pairs in order, each once; raises OnRecordError unless they lie within the text."""
    for pair in pairs:
        if len(pair) != 2 or not 0 <= pair[0] < pair[1] <= length:
            raise OnRecordError(f"{where}: {pair!r} is not [start, end] within {length} characters")
    return tuple(sorted({(start, end) for start, end in pairs}))


def read_labels(path: Path, articles: Mapping[str, GoldArticle]) -> dict[tuple[str, str], Label]:
    """Read the labels of `articles`; those of other articles are left out."""
    labels = {}
    for number, line in read_lines(path):
        try:
            if line["doc_id"] in articles:
                fields = {key: alternatives(line[key]) for key in Label.__dataclass_fields__}
                labels[line["doc_id"], line["id"]] = Label(**fields)
        except (KeyError, TypeError) as error:
            raise OnRecordError(f"{path}:{number}: not a label: {error} is missing") from error
    return labels


def alternatives(value: Any) -> tuple[Any, ...]:
    """Return a field's right answers: the items of a list, else the value alone."""
    return tuple(value) if isinstance(value, list) else (value,)
