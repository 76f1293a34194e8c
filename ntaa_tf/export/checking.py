"""Comparison of exports with the live model.

The live model is the adapted model in memory, from which the exports were
written.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.export.comparing import Outputs
from ntaa_tf.export.comparing import compare
from ntaa_tf.export.formats import EXACT
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.formats import TENSORFLOW
from ntaa_tf.export.reopening import reopen
from ntaa_tf.export.saved_model import LOGITS
from ntaa_tf.image_size import Size

KERAS = "keras"  # Name of the `.keras` file, which every run writes.


@dataclass(frozen=True)
class Reference:
    """Reference outputs of the live model.

    Args:
        images: uint8, (batch, height, width, 3).
        outputs: float32 outputs by name, in the model's order.
        file_size: height and width of decoded image files, before the
            signature for files crops their centre to the size of `images`.
    """

    images: np.ndarray
    outputs: Outputs
    file_size: Size


def compute_reference(
    model: keras.Model,
    images: np.ndarray,
    outputs: Sequence[str] = LOGITS,
    file_size: Size | None = None,
) -> Reference:
    """Compute reference outputs of the live model on the CPU.

    The exports are checked on the CPU as well, so rounding is similar.

    Args:
        model: the live model.
        images: uint8, (batch, height, width, 3).
        outputs: names of the outputs, in the model's order.
        file_size: see `Reference`; by default the size of the images.
    """
    with tf.device("CPU:0"):
        given = model(images.astype("float32"), training=False)
        arrays = [
            tf.cast(output, "float32").numpy()
            for output in tf.nest.flatten(given)
        ]
    height, width = file_size or images.shape[1:3]
    named = dict(zip(outputs, arrays, strict=True))
    return Reference(images, named, (height, width))


def check_exports(
    files: Mapping[str, Path], reference: Reference
) -> dict[str, dict[str, Any]]:
    """Reopen exports in their runtimes and compare them with the live model.

    Each runtime is a fresh process in which `ntaa_tf` can't be imported.

    Args:
        files: written files or directories by format; "keras" is a format
            here as well.
        reference: reference outputs of the live model.

    Returns:
        Results by format. `difference` is the largest absolute difference of
        any output of any signature, divided by the largest output if that is
        above 1. `agreement` is the share of equal predictions.
        `milliseconds` is the median duration of a batch of one image. An
        export that can't be opened, or differs by more than its tolerance,
        has a `failure`, the rest of a sentence that begins with the format.
    """
    results = {}
    for group in _group_by_runtime(files):
        reopened = reopen(
            {name: files[name] for name in group},
            reference.images,
            list(reference.outputs),
            reference.file_size,
        )
        for name, (result, outputs) in reopened.items():
            measured = _compare(name, reference, outputs) if outputs else {}
            results[name] = {**result, **measured}
    return results


def _group_by_runtime(files: Mapping[str, Path]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for name in files:
        runtime = TENSORFLOW if name == KERAS else FORMATS[name].runtime
        groups.setdefault(runtime, []).append(name)
    return list(groups.values())


def _compare(
    name: str, reference: Reference, outputs: Outputs
) -> dict[str, Any]:
    difference, agreement = compare(reference.outputs, outputs)
    if not np.isfinite(difference):
        return {
            "failure": "returns outputs with other names or shapes than the "
            "live model, or values that are not finite"
        }
    measured: dict[str, Any] = {
        "difference": difference,
        "agreement": agreement,
    }
    tolerance = EXACT if name == KERAS else FORMATS[name].tolerance
    if difference > tolerance:
        measured["failure"] = (
            f"differs from the live model by {difference:.2g}, more than the "
            f"tolerance of {tolerance:g}"
        )
    return measured
