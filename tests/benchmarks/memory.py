"""Memory of the parent and of each worker over a long stream of articles, which should stay flat.

python tests/benchmarks/memory.py --articles 20000 --every 1000 --texts news.jsonl

`--clip 400` takes only the beginning of each article, up to the end of the paragraph that crosses 400 characters; so
the number of articles, which is what memory must not depend on, becomes large in affordable time. What grows is told in
MiB from the sample at `--from` on: before it, the allocator has not yet seen its largest articles.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from measuring import machine, parser, resident_mib, show, stream

from onrecord.batch.journal import Journal
from onrecord.batch.run import Crew, Options, run
from onrecord.readers import Article


def children(process: int) -> list[int]:
    """Return the processes that `process` has started."""
    found = []
    for folder in Path(f"/proc/{process}/task").iterdir():
        found += map(int, (folder / "children").read_text().split())
    return sorted(found)


def clipped(articles: Iterator[Article], characters: int | None) -> Iterator[Article]:
    """Yield the articles, cut at the end of the paragraph in which that many characters are reached; None is all."""
    for article in articles:
        end = -1 if characters is None else article.text.find("\n", characters)
        # The last line is kept: it is what makes each text another one.
        yield article if end < 0 else replace(article, text=f"{article.text[:end]}\n{article.text.splitlines()[-1]}")


def growth(samples: list[dict[str, Any]], start: int) -> dict[str, float]:
    """Return by how many MiB the parent and each child grew from article `start`, or the first after it, to the end."""
    counted = [sample for sample in samples if sample["articles"] >= start]
    if len(counted) < 2:
        return {}
    first, last = counted[0], counted[-1]
    before = {"parent": first["parent_mib"], **first["children_mib"]}
    after = {"parent": last["parent_mib"], **last["children_mib"]}
    return {name: round(after[name] - before[name], 1) for name in before if name in after}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--articles", type=int, default=20_000)
    options.add_argument("--every", type=int, default=1_000)
    options.add_argument("--from", type=int, default=1_000, dest="start", help="count growth from this article on")
    options.add_argument("--clip", type=int, metavar="CHARACTERS", help="take only the beginning of each article")
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    samples: list[dict[str, Any]] = []

    def sample(journal: Journal) -> None:
        done = journal.counts["articles"] + journal.counts["rejects"]
        if done and done % given.every == 0:
            mine = int(Path("/proc/self").resolve().name)
            workers = {str(child): resident_mib(child) for child in children(mine)}
            samples.append({"articles": done, "parent_mib": resident_mib(mine), "children_mib": workers})

    crew = Crew(workers=given.workers, factory=given.factory)
    with tempfile.TemporaryDirectory() as folder:
        articles = clipped(stream(given.texts, given.articles), given.clip)
        summary = run(articles, Path(folder) / "out", Options(), crew=crew, progress=sample)
    grown = growth(samples, given.start)
    show({"grown_mib": grown, "samples": samples, "counts": summary["counts"], "machine": machine()})


if __name__ == "__main__":
    sys.exit(main())
