"""Latency of a source model and its adapted model in serving runtimes."""

import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.measure import time_in_turn
from benchmarks.runtimes import RUNTIMES
from benchmarks.setting import draw_images
from ntaa_tf.compare.report import Report
from ntaa_tf.compare.report import format_table

MODELS = {"source": "source/source.keras", "adapted": "adapted.keras"}
BATCHES = (1, 32)
HEADER = (
    *("runtime", "batch", "source, ms", "adapted, ms", "adapted/source"),
    "difference",
)
NOTES = """\
Times are medians, from images in memory to logits in memory. Source and
adapted model are called in turn; the ratio is the median of the ratios within
each round. The difference is the largest of any logit to that of Keras."""


def run(workdir: Path, rounds: int) -> Report:
    """Measure the models of a run in all installed runtimes.

    Args:
        workdir: run directory of a finished run.
        rounds: number of timed calls of each model.

    Raises:
        ValueError: if a model is missing in the directory.
    """
    for file in MODELS.values():
        if not (workdir / file).exists():
            raise ValueError(
                f"--workdir={workdir} has no {file}. Choose the run directory "
                "of a finished run."
            )
    models = {
        name: keras.models.load_model(workdir / file, compile=False)
        for name, file in MODELS.items()
    }
    missing = {name: find_missing(name) for name in RUNTIMES}
    # One runtime after the other: in some, threads keep a core busy for a
    # while after a call, which would slow down the next runtime.
    results = {
        "measured": [
            measure(models, runtime, batch, rounds)
            for runtime in RUNTIMES
            if not missing[runtime]
            for batch in BATCHES
        ],
        "skipped": {name: needs for name, needs in missing.items() if needs},
    }
    return Report("export", results, describe(results))


def measure(
    models: dict[str, keras.Model], runtime: str, batch: int, rounds: int
) -> dict[str, Any]:
    """Time the models in one runtime, in turn.

    Args:
        models: source and adapted model.
        runtime: key of `RUNTIMES`.
        batch: number of images in a call.
        rounds: number of timed calls of each model.
    """
    with tempfile.TemporaryDirectory() as directory:
        calls, differences = {}, []
        for name, model in models.items():
            images = draw_images((batch, *model.inputs[0].shape[1:]))
            place = Path(directory, name)
            place.mkdir()
            calls[name] = RUNTIMES[runtime].open(model, images, place)
            logits = model.predict_on_batch(images)
            differences.append(np.abs(calls[name]() - logits).max())
        timings = time_in_turn(calls, rounds)
    return {
        "runtime": runtime,
        "batch": batch,
        **{name: timing.to_dict() for name, timing in timings.items()},
        "ratio": timings["adapted"].ratio_to(timings["source"]),
        "difference": float(max(differences)),
    }


def find_missing(runtime: str) -> list[str]:
    """List the modules of a runtime that are not installed."""
    return [
        module
        for module in RUNTIMES[runtime].modules
        if importlib.util.find_spec(module) is None
    ]


def describe(results: dict[str, Any]) -> str:
    """Write a row for each runtime and batch size, and the skipped runtimes."""
    rows = [
        (
            measured["runtime"],
            measured["batch"],
            1000 * measured["source"]["wall_median"],
            1000 * measured["adapted"]["wall_median"],
            measured["ratio"],
            measured["difference"],
        )
        for measured in results["measured"]
    ]
    skipped = [
        f"{name} was skipped. Not installed: {', '.join(needs)}."
        for name, needs in results["skipped"].items()
    ]
    return "\n\n".join([format_table(HEADER, rows), NOTES, *skipped])
