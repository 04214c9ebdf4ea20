"""Records written by hand for the tests of views and exports: they find their own offsets, or fail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from onrecord.batch.folder import ARTICLES, CLAIMS, dump
from onrecord.exports.results import Result
from onrecord.readers import Article
from onrecord.records import Range, Record, record_id

# What a hostile source may put into a text, a title, a name or an id.
HOSTILE = (
    "</script><script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "javascript:document.title='owned'",
    "\x1b[31m\x1b]8;;http://evil.example\x07click",
    "[red]markup[/red]",
    "\u202etxt.exe\u2066",
    "=cmd|' /C calc'!A0",
    "&#x3c;b&#x3e; </template><b>",
)


def at(text: str, words: str) -> dict[str, Any]:
    """Return the span of `words`, which must be in `text` exactly once."""
    assert text.count(words) == 1, f"{words!r} is {text.count(words)} times in {text!r}"
    start = text.index(words)
    return {"start": start, "end": start + len(words), "text": words}


def make(
    article: Article,
    content: str | Iterable[str],
    *,
    speaker: str | None = None,
    name: str | None = None,
    kind: str = "person",
    cue: str | None = None,
    target: str | None = None,
    target_name: str | None = None,
    stance: str = "neutral",
    quotes: Iterable[str] = (),
    addressee: str | None = None,
    within: Record | None = None,
    confidence: float | None = 0.9,
) -> Record:
    """Return a record of `article`; every part is given by its words."""
    text = article.text
    spans = [at(text, words) for words in ([content] if isinstance(content, str) else content)]
    mention, cue_span = (at(text, words) if words else None for words in (speaker, cue))
    parts = [*spans, *(part for part in (mention, cue_span) if part)]
    found = [at(text, words) for words in quotes]
    record = {
        "schema": "onrecord/1",
        "id": record_id(
            article.id,
            Range(start=cue_span["start"], end=cue_span["end"]) if cue_span else None,
            [Range(start=span["start"], end=span["end"]) for span in spans],
        ),
        "doc": {key: getattr(article, key) for key in ("id", "title", "url", "published")},
        "type": quotation(spans, found),
        "speaker": {
            "name": name or speaker,
            "kind": kind if speaker else "unknown",
            "title": None,
            "id": None,
            "mention": mention,
            "resolved": "name" if speaker else "none",
        },
        "cue": {**cue_span, "lemma": cue, "act": "assert", "negated": False} if cue_span else None,
        "content": {"text": " ".join(span["text"] for span in spans), "spans": spans, "quotes": found},
        "addressee": {"name": None, **at(text, addressee)} if addressee else None,
        "stance": stance,
        "target": {"name": target_name, "kind": "thing", **at(text, target)} if target else None,
        "other_targets": [],
        "within": within.id if within else None,
        "context": {"start": min(p["start"] for p in parts), "end": max(p["end"] for p in parts)},
        "confidence": {"attribution": confidence, "speaker": None, "stance": None, "target": None},
    }
    return Record.model_validate(json.loads(json.dumps(record)), context={"text": text})


def quotation(spans: list[dict[str, Any]], quotes: list[dict[str, Any]]) -> str:
    """Return the type of a content with these quotes in it."""
    if not quotes:
        return "indirect"
    return "direct" if [span["text"].strip("“”") for span in spans] == [quote["text"] for quote in quotes] else "mixed"


def article(text: str, **fields: Any) -> Article:
    return Article(**{"id": "a", "source": "a.txt", **fields}, text=text)


def town() -> list[Result]:
    """Two plain articles: a split quotation, a nested claim, an overlap, no cue, wide characters and a CR LF."""
    one = article(
        "“The bridge is safe,” Mayor Ruiz told residents 🌉, “and it stays open.”\r\n"
        "Critics say that Kim admitted the tunnel leaks.",
        id="one", title="Bridge & tunnel", url="https://news.example/one?a=1&b=2", published="2024-03-01",
    )  # fmt: skip
    safe = make(
        one, ["“The bridge is safe,”", "“and it stays open.”"], speaker="Mayor Ruiz", name="Ana Ruiz", cue="told",
        target="The bridge", target_name=None, stance="support", addressee="residents",
        quotes=["The bridge is safe,", "and it stays open."],
    )  # fmt: skip
    outer = make(
        one, "that Kim admitted the tunnel leaks", speaker="Critics", kind="group", cue="say",
        target="Kim", target_name="Kim", stance="oppose", confidence=0.6,
    )  # fmt: skip
    inner = make(
        one, "the tunnel leaks", speaker="Kim", cue="admitted", target="the tunnel", stance="oppose", within=outer,
        confidence=0.4,
    )  # fmt: skip
    two = article("“It costs too much.”", id="two", title="Costs", published="2024-04-02")
    return [(one, [safe, outer, inner]), (two, [make(two, "“It costs too much.”", quotes=["It costs too much."])])]


def hostile() -> list[Result]:
    """An article a nasty string, which stands in its text, title, speaker, target, address and id."""
    return [hostile_result(number, nasty) for number, nasty in enumerate(HOSTILE)]


def hostile_result(number: int, nasty: str) -> Result:
    text = f"Then ({nasty}) said that the <roof> is {number}{nasty}; nothing else."
    one = Article(id=f"{nasty}/../{number}", text=text, source=f"{nasty}.txt", title=nasty, url=nasty, published=nasty)
    target = f"{number}{nasty}"
    words = f"that the <roof> is {target}"
    record = make(one, words, speaker=f"({nasty})", name=nasty, cue="said", target=target, target_name=nasty)
    return one, [record]


def write_folder(path: Path, results: Iterable[Result]) -> Path:
    """Write an output folder as far as views and exports read it."""
    path.mkdir(parents=True)
    with (path / CLAIMS).open("wb") as claims, (path / ARTICLES).open("wb") as articles:
        for one, records in results:
            claims.writelines(dump(record.to_dict()) for record in records)
            keys = ("id", "source", "title", "url", "published", "note", "text")
            articles.write(dump({key: getattr(one, key) for key in keys} | {"meta": None, "claims": len(records)}))
    return path
