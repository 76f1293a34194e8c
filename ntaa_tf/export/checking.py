"""Exports are what the live model is, where the package is not installed."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.export.comparing import Answers
from ntaa_tf.export.comparing import compare
from ntaa_tf.export.formats import EXACT
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.formats import TENSORFLOW
from ntaa_tf.export.reopening import reopen
from ntaa_tf.export.saved_model import LOGITS
from ntaa_tf.image_size import Size

KERAS = "keras"  # Of the file that is always written.


@dataclass(frozen=True)
class Asked:
    """What the live model answers, for others to answer as well.

    Args:
        images: uint8, (batch, height, width, 3).
        answers: the outputs, float32, by their names, in the model's order.
        file_size: height and width of images that are decoded and cropped
            around their centre where they are served.
    """

    images: np.ndarray
    answers: Answers
    file_size: Size


def ask(
    model: keras.Model,
    images: np.ndarray,
    outputs: Sequence[str] = LOGITS,
    file_size: Size | None = None,
) -> Asked:
    """Let the live model answer, on the CPU as the others.

    Args:
        model: the live model.
        images: uint8, (batch, height, width, 3).
        outputs: the names of what it gives, in the model's order.
        file_size: see `Asked`; by default that of the images.
    """
    with tf.device("CPU:0"):
        given = model(images.astype("float32"), training=False)
        answers = [
            tf.cast(output, "float32").numpy()
            for output in tf.nest.flatten(given)
        ]
    height, width = file_size or images.shape[1:3]
    named = dict(zip(outputs, answers, strict=True))
    return Asked(images, named, (height, width))


def check_exports(
    files: Mapping[str, Path], asked: Asked
) -> dict[str, dict[str, Any]]:
    """Reopen exports by their own runtimes, and compare.

    Each runtime is a fresh process, in which `ntaa_tf` can't be imported.

    Args:
        files: what was written, by format; `keras` is one as well.
        asked: what the live model answers.

    Returns:
        For each format the largest `difference` of any output of any
        signature, as a share of the largest output where that is above 1; the
        `agreement`, how many predictions are the same; and the median
        `milliseconds` of a batch of one image. Where it can't be opened, or
        differs by more than its tolerance, the `failure`.
    """
    checked = {}
    for group in _group_by_runtime(files):
        reopened = reopen(
            {name: files[name] for name in group},
            asked.images,
            list(asked.answers),
            asked.file_size,
        )
        for name, (told, answers) in reopened.items():
            measured = _compare(name, asked, answers) if answers else {}
            checked[name] = {**told, **measured}
    return checked


def _group_by_runtime(files: Mapping[str, Path]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for name in files:
        runtime = TENSORFLOW if name == KERAS else FORMATS[name].runtime
        groups.setdefault(runtime, []).append(name)
    return list(groups.values())


def _compare(name: str, asked: Asked, given: Answers) -> dict[str, Any]:
    difference, agreement = compare(asked.answers, given)
    if not np.isfinite(difference):
        return {"failure": "gives other outputs, or such as are not finite"}
    measured: dict[str, Any] = {
        "difference": difference,
        "agreement": agreement,
    }
    tolerance = EXACT if name == KERAS else FORMATS[name].tolerance
    if difference > tolerance:
        measured["failure"] = (
            f"differs from the live model by {difference:.2g}, more than "
            f"{tolerance:g}"
        )
    return measured
