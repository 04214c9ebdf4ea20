"""How soon the report page of many articles opens and answers in headless Chromium: wall time, and CPU of its thread.

Without `--results DIR`, an output folder, the articles are copies of the seed with its golden records, under names and
dates of their own. Needs playwright and chromium.

python tests/benchmarks/page.py --articles 500 --rounds 5
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from measuring import machine, show

from onrecord.exports.results import Result, read_results
from onrecord.readers import Article
from onrecord.records import Record
from onrecord.report import render

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
CPU = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
# Resolves once what a script has drawn is on the screen.
PAINTED = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
# The page draws itself while it is parsed, so at DOMContentLoaded everything is there but the painting.
WATCH = f"window.opened = new Promise((done) => addEventListener('DOMContentLoaded', () => {PAINTED}.then(done)))"
# What a reader does, each from the page as it opens.
ACTS = {
    "choose a stance": "document.querySelector('.option.oppose').click()",
    "choose a speaker": "document.querySelector('.speaker').click()",
    "choose a cell": "document.querySelector('.cell').click()",
    "search the words": "location.hash = '#q=border'",
    "read an article": "location.hash = '#a=7&c=3'",
}


def copies() -> Iterator[Result]:
    """Yield the seed over and over, each with an id, a date and speakers of its own."""
    (path,) = (ROOT / "seeds").glob("*.txt")
    text = path.read_text(encoding="utf-8")
    claims = [json.loads(line) for line in (ROOT / "output/golden/claims.jsonl").open(encoding="utf-8")]
    number = 0
    while True:
        own = [{**claim, "speaker": {**claim["speaker"], "name": speaker(claim, number)}} for claim in claims]
        one = Article(id=str(number), text=text, source="", title=f"No. {number}", published=day(number))
        yield one, [Record.model_validate(claim) for claim in own]
        number += 1


def speaker(claim: dict[str, Any], number: int) -> str:
    return f"{claim['speaker']['name']} {number % 40}"


def day(number: int) -> str:
    return f"{2015 + number % 5}-{number % 12 + 1:02}-{number % 28 + 1:02}"


def measure(browser: Any, path: Path, empty: Path) -> dict[str, dict[str, float]]:
    """Open the page anew for each act; returns milliseconds by what was done."""
    found: dict[str, dict[str, float]] = {}
    for name, act in {"open an empty page": "", "open": "", **ACTS}.items():
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        page.set_default_timeout(120_000)
        page.add_init_script(WATCH)
        meter = page.context.new_cdp_session(page)
        meter.send("Performance.enable", {"timeDomain": "threadTicks"})
        opened = timed(meter, partial(opening, page, empty if "empty" in name else path))
        found[name] = timed(meter, partial(acting, page, act)) if act else opened
        page.close()
    return found


def opening(page: Any, path: Path) -> float:
    """Return the time from the start of the navigation until the lists are on the screen."""
    page.goto(path.as_uri())
    wall: float = page.evaluate("window.opened")
    return wall


def acting(page: Any, act: str) -> float:
    """Return the time from an act until its outcome is on the screen."""
    changed = "new Promise((done) => addEventListener('hashchange', done, {once: true}))"
    wall: float = page.evaluate(
        f"async () => {{ const begun = performance.now(), changed = {changed}; {act}; await changed;"
        f" return await {PAINTED} - begun }}"
    )
    return wall


def timed(meter: Any, work: Callable[[], float]) -> dict[str, float]:
    """Return how long `work` says it took, with what the page's main thread computed meanwhile."""

    def seconds() -> dict[str, float]:
        metrics = meter.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics if metric["name"] in CPU}

    before = seconds()
    wall = work()
    return {"wall": wall, **{name: 1000 * (value - before[name]) for name, value in seconds().items()}}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--articles", type=int, default=500)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--results", type=Path, help="an output folder to take the articles from")
    given = options.parse_args()
    from playwright.sync_api import sync_playwright

    results = list(islice(read_results(given.results) if given.results else copies(), given.articles))
    size = sum(len(one.text.encode()) for one, _ in results)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path, empty = Path(folder) / "report.html", Path(folder) / "empty.html"
        path.write_text(render(results), encoding="utf-8", newline="")
        empty.write_text("<!doctype html><p>Nothing", encoding="utf-8")
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or playwright.chromium.executable_path, args=list(FLAGS)
        )
        rounds = [measure(chromium, path, empty) for _ in range(given.rounds)]
        show(
            {
                "articles": len(results),
                "claims": sum(len(found) for _, found in results),
                "bytes_to_text": round(path.stat().st_size / size, 2),
                "milliseconds": {name: summary([each[name] for each in rounds]) for name in rounds[0]},
                "chromium": chromium.version,
                "machine": machine(),
            }
        )
        chromium.close()


def summary(rounds: list[dict[str, float]]) -> dict[str, int]:
    """Return the median of each figure."""
    return {name: round(median(each[name] for each in rounds)) for name in rounds[0]}


if __name__ == "__main__":
    sys.exit(main())
