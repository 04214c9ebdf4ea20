"""Time and memory as one article gets longer, up to a million characters; seconds per character should stay the same.

python tests/benchmarks/growth.py --lengths 10000 100000 1000000 --texts news.jsonl
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from measuring import in_a_process, machine, own_peak_mib, parser, show, texts
from throughput import whole

LENGTHS = (10_000, 30_000, 100_000, 300_000, 1_000_000)


def measure(length: int, sources: list[str], factory: str) -> dict[str, Any]:
    """Process one article of `length` characters, made of many, in this process."""
    work = whole(factory)
    work("“We won,” Ana Ruiz said.")  # what is loaded at the first article only
    article = long_article(sources, length)
    begun = time.process_time()
    work(article)
    seconds = time.process_time() - begun
    return {
        "seconds": round(seconds, 2),
        "microseconds_a_character": seconds / length * 1e6,
        "peak_mib": own_peak_mib(),
    }


def long_article(sources: list[str], length: int) -> str:
    pieces: list[str] = []
    size = 0
    for text in texts(sources, length):
        pieces.append(text)
        size += len(text) + 2
        if size >= length:
            break
    return "\n\n".join(pieces)[:length]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    options.add_argument("--length", type=int, help="measure this one here, once")
    given = options.parse_args()
    if given.length:
        print(json.dumps(measure(given.length, given.texts, given.factory)))
        return
    again = ["--factory", given.factory, "--texts", *given.texts]
    found = {length: in_a_process(__file__, "--length", str(length), *again) for length in given.lengths}
    show({"by_length": found, "machine": machine()})


if __name__ == "__main__":
    sys.exit(main())
