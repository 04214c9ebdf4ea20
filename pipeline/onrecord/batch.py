"""The main job: articles in, an output folder out."""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onrecord import __version__
from onrecord.folder import OutputFolder
from onrecord.pipeline import BASE, load, process
from onrecord.readers import Article, Reject
from onrecord.records import SCHEMA, Record

if TYPE_CHECKING:
    from spacy.language import Language

# Told after every article: counts so far.
Progress = Callable[[Counter[str]], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What a run depends on; kept in run.json. `min_confidence` drops records less sure than that."""

    base: str = BASE
    model: str | None = None
    max_chars: int = 1_000_000
    min_confidence: float = 0.0
    fields: dict[str, str] = field(default_factory=dict)


Result = tuple[Article, list[Record]] | Reject


def results(items: Iterable[Article | Reject], options: Options) -> Iterator[Result]:
    """Yield each article with its records, or the reject that takes its place, in the order of `items`."""
    nlp = load(base=options.base, model=options.model)
    for item in items:
        yield item if isinstance(item, Reject) else attempt(item, nlp, options)


def attempt(article: Article, nlp: Language, options: Options) -> Result:
    """Process one article; whatever goes wrong with it costs this article alone."""
    try:
        records = process(article, nlp)
    except Exception as error:  # a batch must outlive any article, whatever breaks in a library
        detail = f"{type(error).__name__}: {error}"
        return Reject(article.source, article.line, article.id, "failed", detail)
    return article, [record for record in records if sure(record, options.min_confidence)]


def sure(record: Record, threshold: float) -> bool:
    """True unless the attribution's confidence is known to be under the threshold."""
    confidence = record.confidence.attribution
    return confidence is None or confidence >= threshold


def run(
    items: Iterable[Article | Reject],
    output: Path,
    options: Options,
    *,
    overwrite: bool = False,
    progress: Progress = lambda counts: None,
) -> dict[str, Any]:
    """Process `items` into the folder `output`; returns what is written to run.json."""
    counts: Counter[str] = Counter(articles=0, words=0, characters=0, claims=0, rejects=0)
    begun, clock = datetime.now(timezone.utc), time.monotonic()
    with OutputFolder(output, overwrite=overwrite) as folder:
        for result in results(items, options):
            if isinstance(result, Reject):
                folder.reject(result)
                counts["rejects"] += 1
            else:
                folder.add(*result)
                count(counts, *result)
            progress(counts)
        summary = describe(options, counts, begun, time.monotonic() - clock)
        folder.finish(summary)
    return summary


def count(counts: Counter[str], article: Article, records: list[Record]) -> None:
    """Add one article to the counts."""
    counts["articles"] += 1
    counts["words"] += len(article.text.split())
    counts["characters"] += len(article.text)
    counts["claims"] += len(records)


def describe(options: Options, counts: Counter[str], begun: datetime, seconds: float) -> dict[str, Any]:
    """Return the contents of run.json."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "python": platform.python_version(),
        "options": asdict(options),
        "counts": dict(counts),
        "words_per_second": round(counts["words"] / max(seconds, 1e-9), 1),
        "started": begun.isoformat(timespec="seconds"),
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
