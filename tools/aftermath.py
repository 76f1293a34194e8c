"""Find damaged files in a run directory, and compare two finished runs."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ntaa_tf.storage.files import UNFINISHED
from ntaa_tf.storage.files import read_json

# Two runs with the same numbers still differ in these metrics: clocks, peak
# memory, and the size of compressed files.
MEASURED = ("seconds", "latency_ms", "milliseconds", "peak_memory_mib", "bytes")
ARCHITECTURE = Path("search") / "architecture.json"
QUOTED_LINES = 3


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text("utf-8"))
    except ValueError:
        return False
    return True


def _is_archive(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return archive.testzip() is None


_IS_WHOLE = {".json": _is_json, ".keras": _is_archive}


def find_torn_files(directory: Path) -> list[str]:
    """List the incomplete files of a run directory.

    Files that are still being written have a name of their own. They are
    not listed.

    Args:
        directory: run directory in which no process is at work.
    """
    torn = []
    for path in directory.rglob("*"):
        if any(part.startswith(UNFINISHED) for part in path.parts):
            continue
        if path.suffix in _IS_WHOLE and not _IS_WHOLE[path.suffix](path):
            torn.append(str(path))
    return torn


def list_differences(whole: Path, killed: Path) -> list[str]:
    """List the differences between two finished runs of one command.

    Args:
        whole: run directory of the run that was never killed.
        killed: run directory of the other run.

    Returns:
        Some of "architecture", "metrics" and "weights"; empty if the runs
        are equal. Weights are compared bit for bit.
    """
    differences = []
    if (whole / ARCHITECTURE).exists():
        texts = [(path / ARCHITECTURE).read_text() for path in (whole, killed)]
        if texts[0] != texts[1]:
            differences.append("architecture")
    metrics = [read_json(path / "metrics.json") for path in (whole, killed)]
    if _drop_measured(metrics[0]) != _drop_measured(metrics[1]):
        differences.append("metrics")
    weights = [
        keras.models.load_model(path / "adapted.keras").get_weights()
        for path in (whole, killed)
    ]
    same = len(weights[0]) == len(weights[1]) and all(
        np.array_equal(a, b) for a, b in zip(*weights, strict=True)
    )
    return differences if same else [*differences, "weights"]


def _drop_measured(metrics: Any) -> Any:
    """Remove the metrics that depend on the clock or the machine."""
    if isinstance(metrics, dict):
        return {
            name: _drop_measured(value)
            for name, value in metrics.items()
            if name not in MEASURED
        }
    return metrics


def quote_last_lines(log: str) -> str:
    r"""Join the last lines of a log into one line.

    Example:
    >>> quote_last_lines("1\n2\n3\nerror: no space left\n")
    '2 3 error: no space left'
    """
    return " ".join(log.strip().splitlines()[-QUOTED_LINES:])
