"""The benchmarks run, on next to nothing and without models; what they measure is for reading, not for asserting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize(
    "command",
    [
        ["throughput.py", "--kind", "whole", "--articles", "3"],
        ["memory.py", "--articles", "6", "--every", "2"],
        ["scaling.py", "--articles", "4", "--rounds", "1"],
        ["growth.py", "--lengths", "1000", "2000"],
    ],
    ids=lambda command: command[0],
)
def test_benchmark_runs(command: list[str]) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *filter(None, sys.path)])}
    script, *options = command
    done = subprocess.run(
        [sys.executable, str(HERE / script), *options, "--factory", "factories:quick"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
