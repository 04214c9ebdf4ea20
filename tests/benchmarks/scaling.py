"""Throughput with one worker and with more, over the same articles, in turns; the time to load is left out.

python tests/benchmarks/scaling.py --articles 400 --rounds 3 --workers 1 2 --texts news.jsonl
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from measuring import machine, parser, show, stream

from onrecord.batch.run import Crew, Options, run


def words_per_second(workers: int, sources: list[str], number: int, factory: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        articles = stream(sources, number)
        crew = Crew(workers=workers, factory=factory)
        speed: float = run(articles, Path(folder) / "out", Options(), crew=crew)["words_per_second"]
    return speed


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--articles", type=int, default=400)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = options.parse_args()
    speeds: dict[int, list[float]] = {workers: [] for workers in given.workers}
    for _ in range(given.rounds):
        for workers, measured in speeds.items():
            measured.append(words_per_second(workers, given.texts, given.articles, given.factory))
    base = median(speeds[given.workers[0]])
    times = {workers: round(median(measured) / base, 2) for workers, measured in speeds.items()}
    show({"times_the_first": times, "words_per_second": speeds, "machine": machine()})


if __name__ == "__main__":
    sys.exit(main())
