"""A tool ends with the status of its action, or with one error message."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
from absl import flags
from tool import run_tool

def act(words):
    if flags.FLAGS.count < 0:
        raise ValueError("--count=-1 is too small.")
    print(words)
    return flags.FLAGS.count

flags.DEFINE_integer("count", 0, "Number of things.")
run_tool("Count things.", act)
"""


@pytest.mark.parametrize(
    "words, status, output",
    [
        (["a", "b"], 0, "['a', 'b']"),
        (["--count=3"], 3, "[]"),
        (["--count=-1"], 2, "error: --count=-1 is too small."),
        (["--help"], 0, "Number of things."),
    ],
)
def test_status_and_output(words, status, output):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'tools'}:{ROOT}"},
    )
    assert done.returncode == status
    assert output in done.stdout
    assert "Traceback" not in done.stdout
