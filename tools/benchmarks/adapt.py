"""Duration of a whole run, compared with a plain finetuning script."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Report
from benchmarks.report import format_table
from ntaa_tf import zoo
from ntaa_tf.storage.files import read_json

PIXELS = 16
PLAIN_SCRIPT = Path(__file__).parents[1] / "plain_finetuning.py"
NOTES = """\
Whole processes, from start to exit, one after the other. Both load the same
`.keras` file and train on the same digits for the same number of epochs. The
run does more than the script: it searches, compares its exports and writes a
report. Its stages are listed below it."""


def run(search_epochs: int, finetune_epochs: int) -> Report:
    """Time a run on the embedded data set, and the plain script.

    Args:
        search_epochs: epochs of the run's search.
        finetune_epochs: epochs of the run's finetuning; the script trains
            for the sum of both.
    """
    results = measure(search_epochs, finetune_epochs)
    return Report("adapt", results, describe(results))


def measure(search_epochs: int, finetune_epochs: int) -> dict[str, Any]:
    """Time both commands, in a temporary directory."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        source = directory / "source.keras"
        zoo.pretrain_digits(PIXELS).save(source)
        total = search_epochs + finetune_epochs
        plain_seconds = time_command(
            str(PLAIN_SCRIPT),
            *(source, directory / "finetuned.keras", total),
        )
        run_seconds = time_command(
            *("-m", "ntaa_tf.adapt", "--baseline=false"),
            *(f"--model={source}", f"--workdir={directory / 'run'}"),
            f"--search_epochs={search_epochs}",
            f"--finetune_epochs={finetune_epochs}",
        )
        stages = read_json(directory / "run" / "metrics.json")["seconds"]
    return {
        "epochs": total,
        "plain_seconds": plain_seconds,
        "run_seconds": run_seconds,
        "ratio": run_seconds / plain_seconds,
        "stages": stages,
    }


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
    """Write a table: a row for each command and each stage of the run."""
    base = results["plain_seconds"]
    rows = [
        ("plain script", base, 1.0),
        ("whole run", results["run_seconds"], results["ratio"]),
        *(
            (f"run: {stage}", seconds, seconds / base)
            for stage, seconds in results["stages"].items()
        ),
    ]
    header = (f"{results['epochs']} epochs", "seconds", "/ plain script")
    return f"{format_table(header, rows)}\n\n{NOTES}"
