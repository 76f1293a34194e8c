"""Duration of whole runs, compared with a plain finetuning script."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ntaa_tf import zoo
from ntaa_tf.compare.report import Report
from ntaa_tf.compare.report import format_table
from ntaa_tf.storage.files import read_json

PIXELS = 16
PLAIN_SCRIPT = Path(__file__).parents[1] / "plain_finetuning.py"
METHODS = ("finetune", "ntaa")
NOTES = """\
Whole processes, from start to exit, one after the other. All load the same
`.keras` file and train on the same digits for the same number of epochs. A run
does more than the script: it measures costs, compares its exports and writes a
report. Its stages are listed below it."""


def run(search_epochs: int, finetune_epochs: int) -> Report:
    """Time runs on the embedded data set, and the plain script.

    Args:
        search_epochs: epochs of the search.
        finetune_epochs: epochs of finetuning after it. Plain finetuning and
            the script train for the sum of both.
    """
    results = measure(search_epochs, finetune_epochs)
    return Report("adapt", results, describe(results))


def measure(search_epochs: int, finetune_epochs: int) -> dict[str, Any]:
    """Time the commands, in a temporary directory."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        source = directory / "source.keras"
        zoo.pretrain_digits(PIXELS).save(source)
        total = search_epochs + finetune_epochs
        plain_seconds = time_command(
            str(PLAIN_SCRIPT),
            *(source, directory / "finetuned.keras", total),
        )
        runs = {
            method: time_run(
                directory / method,
                f"--method={method}",
                f"--model={source}",
                "--dataset=digits5to9",
                f"--search_epochs={search_epochs}",
                f"--finetune_epochs={finetune_epochs}",
            )
            for method in METHODS
        }
    return {
        "epochs": total,
        "plain_seconds": plain_seconds,
        "runs": runs,
        "ratios": {
            method: run["seconds"] / plain_seconds
            for method, run in runs.items()
        },
    }


def time_run(path: Path, *words: str) -> dict[str, Any]:
    """Return the seconds of a run without a baseline, and of its stages.

    Args:
        path: run directory.
        *words: further flags.
    """
    seconds = time_command(
        *("-m", "ntaa_tf.adapt", "--baseline=false", f"--workdir={path}"),
        *words,
    )
    stages = read_json(path / "metrics.json")["seconds"]
    return {"seconds": seconds, "stages": stages}


def time_command(*arguments: Any) -> float:
    """Return the seconds that a Python command takes.

    Raises:
        subprocess.CalledProcessError: if it fails.
    """
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - begin


def describe(results: dict[str, Any]) -> str:
    """Write a table: a row for each command and each stage of a run."""
    base = results["plain_seconds"]
    rows = [("plain script", base, 1.0)]
    for method, run in results["runs"].items():
        seconds = {method: run["seconds"]}
        seconds |= {f"{method}: {s}": t for s, t in run["stages"].items()}
        rows += [(name, spent, spent / base) for name, spent in seconds.items()]
    header = (f"{results['epochs']} epochs", "seconds", "/ plain script")
    return f"{format_table(header, rows)}\n\n{NOTES}"
