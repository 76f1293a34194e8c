"""How fast a run's source and its adapted model answer, where served."""

import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.measure import time_in_turn
from benchmarks.report import Report
from benchmarks.report import format_table
from benchmarks.runtimes import RUNTIMES

MODELS = {"source": "source/source.keras", "adapted": "adapted.keras"}
BATCHES = (1, 32)
HEADER = (
    *("runtime", "batch", "source, ms", "adapted, ms", "adapted/source"),
    "difference",
)
NOTES = """\
Milliseconds from images in memory to logits in memory, median; source and
adapted model are called in turn, and the ratio is the median of the ratios
within each round. The difference is the largest of any logit from Keras's
own."""


def run(workdir: Path, rounds: int) -> Report:
    """Measure a run's models in all runtimes that are installed.

    Args:
        workdir: of a run that is finished.
        rounds: timed calls of each.

    Raises:
        ValueError: if the directory does not hold both models.
    """
    for file in MODELS.values():
        if not (workdir / file).exists():
            raise ValueError(
                "Invalid value for `workdir`. Expected the work directory of "
                f"a finished run. Received: {workdir}, without {file}."
            )
    models = {
        name: keras.models.load_model(workdir / file, compile=False)
        for name, file in MODELS.items()
    }
    missing = {name: find_missing(name) for name in RUNTIMES}
    # Each runtime by itself: the threads of some spin on after a call.
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
    """Time the models in one runtime, in turn."""
    with tempfile.TemporaryDirectory() as directory:
        calls, differences = {}, []
        for name, model in models.items():
            images = draw_images(model, batch)
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
    """List the modules that a runtime needs and that are not installed."""
    return [
        module
        for module in RUNTIMES[runtime].modules
        if importlib.util.find_spec(module) is None
    ]


def draw_images(model: keras.Model, batch: int) -> np.ndarray:
    """Draw images for a model, 0 to 255."""
    shape = (batch, *model.inputs[0].shape[1:])
    images = np.random.default_rng(0).uniform(0, 255, shape)
    return images.astype("float32")


def describe(results: dict[str, Any]) -> str:
    """Write one row for every runtime and batch size, and what is missing."""
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
