"""Comparison of exports with the live model.

The live model is the adapted model in memory, from which the exports were
written.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.export.class_outputs import LOGITS
from ntaa_tf.export.class_outputs import Classes
from ntaa_tf.export.class_outputs import Outputs
from ntaa_tf.export.class_outputs import find_disagreement
from ntaa_tf.export.class_outputs import name_class_outputs
from ntaa_tf.export.comparing import compare
from ntaa_tf.export.formats import EXACT
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.formats import SAVED_MODEL
from ntaa_tf.export.formats import TENSORFLOW
from ntaa_tf.export.reopening import reopen
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
        classes: classes by output, of which a SavedModel computes further
            outputs; None of an embedding.
    """

    images: np.ndarray
    outputs: Outputs
    file_size: Size
    classes: Classes = field(default_factory=dict)


def compute_reference(
    model: keras.Model,
    images: np.ndarray,
    outputs: Sequence[str] = LOGITS,
    file_size: Size | None = None,
    classes: Classes | None = None,
) -> Reference:
    """Compute reference outputs of the live model on the CPU.

    The exports are checked on the CPU as well, so rounding is similar.

    Args:
        model: the live model.
        images: uint8, (batch, height, width, 3).
        outputs: names of the outputs, in the model's order.
        file_size: see `Reference`; by default the size of the images.
        classes: see `Reference`; by default there are no further outputs.
    """
    with tf.device("CPU:0"):
        given = model(images.astype("float32"), training=False)
        arrays = [
            tf.cast(output, "float32").numpy()
            for output in tf.nest.flatten(given)
        ]
    height, width = file_size or images.shape[1:3]
    named = dict(zip(outputs, arrays, strict=True))
    return Reference(images, named, (height, width), classes or {})


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
        above 1. `agreement` is the share of equal predictions. Probabilities
        and classes are compared with the logits beside them.
        `milliseconds` is the median duration of a batch of one image. An
        export that can't be opened, differs by more than its tolerance, or
        contradicts its own logits, has a `failure`, the rest of a sentence
        that begins with the format.
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
    # Only a SavedModel has outputs that follow from its logits.
    classes = reference.classes if name == SAVED_MODEL else {}
    further = {
        output
        for named in name_class_outputs(classes).values()
        for output in named.names
    }
    difference, agreement = compare(
        reference.outputs,
        {
            path: value
            for path, value in outputs.items()
            if path.split("/", 1)[1] not in further
        },
    )
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
    elif disagreement := find_disagreement(outputs, classes):
        measured["failure"] = disagreement
    return measured
