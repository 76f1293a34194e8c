"""What a killed run leaves, and in what it differs from a whole one."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ntaa_tf.storage.files import UNFINISHED
from ntaa_tf.storage.files import read_json

# What two runs of the same numbers differ in: clocks, and how files are packed.
MEASURED = ("seconds", "latency_ms", "milliseconds", "peak_memory_mib", "bytes")
ARCHITECTURE = Path("search") / "architecture.json"


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
    """List the files of a work directory that are there but not whole.

    Args:
        directory: of a run that is not under way.
    """
    torn = []
    for path in directory.rglob("*"):
        if any(part.startswith(UNFINISHED) for part in path.parts):
            continue
        if path.suffix in _IS_WHOLE and not _IS_WHOLE[path.suffix](path):
            torn.append(str(path))
    return torn


def list_differences(whole: Path, killed: Path) -> list[str]:
    """List in what two finished runs of a command differ.

    Args:
        whole: the work directory of the one.
        killed: of the other.
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
    """Leave out what a clock or the machine says."""
    if isinstance(metrics, dict):
        return {
            name: _drop_measured(value)
            for name, value in metrics.items()
            if name not in MEASURED
        }
    return metrics
