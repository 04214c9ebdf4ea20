"""The benchmarks run, on next to nothing and without models; what they measure is for reading, not for asserting."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize(
    "command",
    [
        ["throughput.py", "--kind", "whole", "--articles", "3"],
        ["memory.py", "--articles", "6", "--every", "2", "--clip", "100"],
        ["scaling.py", "--articles", "4", "--rounds", "1"],
        ["growth.py", "--lengths", "1000", "2000"],
    ],
    ids=lambda command: command[0],
)
def test_benchmark_runs(command: list[str]) -> None:
    assert printed(*command, "--factory", "factories:quick")


def test_benchmark_of_the_page_runs() -> None:
    pytest.importorskip("playwright", reason="needs playwright: pip install '.[interop]'")
    if not shutil.which("chromium"):
        pytest.skip("needs chromium: apt-get install chromium")
    found = printed("page.py", "--articles", "2", "--rounds", "1")
    assert found["articles"] == 2
    assert all(figures["wall"] > 0 for figures in found["milliseconds"].values())


def printed(script: str, *options: str) -> dict[str, Any]:
    """Run a benchmark; returns the JSON that it prints."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *filter(None, sys.path)])}
    done = subprocess.run(
        [sys.executable, str(HERE / script), *options], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
