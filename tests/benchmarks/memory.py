"""Memory of the parent and of each worker over a long stream of articles, which should stay flat.

python tests/benchmarks/memory.py --articles 20000 --every 1000 --texts news.jsonl
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from measuring import machine, parser, resident_mib, show, stream

from onrecord.batch.journal import Journal
from onrecord.batch.run import Crew, Options, run


def children(process: int) -> list[int]:
    """Return the processes that `process` has started."""
    found = []
    for folder in Path(f"/proc/{process}/task").iterdir():
        found += map(int, (folder / "children").read_text().split())
    return sorted(found)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--articles", type=int, default=20_000)
    options.add_argument("--every", type=int, default=1_000)
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
        articles = stream(given.texts, given.articles)
        summary = run(articles, Path(folder) / "out", Options(), crew=crew, progress=sample)
    show({"samples": samples, "counts": summary["counts"], "machine": machine()})


if __name__ == "__main__":
    sys.exit(main())
