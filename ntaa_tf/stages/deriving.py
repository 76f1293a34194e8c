"""From a supernet to the files that all later stages begin with."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.budget import describe_budget
from ntaa_tf.assembly.job import Job
from ntaa_tf.distribute import agree
from ntaa_tf.search.apply import apply_architecture
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.budget import measure_probabilities
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.derive import derive
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.storage.files import write_atomically
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.training.batch_norm_calibration import RECALIBRATION_BATCHES
from ntaa_tf.training.batch_norm_calibration import Recalibration
from ntaa_tf.training.batch_norm_synchronization import synchronize
from ntaa_tf.training.precision import set_precision

ARCHITECTURE_FILE = "architecture.json"
PROBABILITIES_FILE = "probabilities.json"
COLLAPSED_FILE = "collapsed.keras"
COMPARED_IMAGES = 8


def settle_architecture(
    supernet: Supernet, budget: Budget | None, directory: Path
) -> tuple[Architecture, dict[str, Any]]:
    """Derive the architecture, keep it, and end the mixing at it.

    Args:
        supernet: a supernet, searched or not.
        budget: what the architecture may cost.
        directory: gets `architecture.json`, and with a budget also the
            `probabilities.json` that it was chosen by.

    Returns:
        The architecture; and, where there is a `budget`, what that says.
    """
    derived = derive(supernet, budget).to_json()
    architecture = Architecture.from_json(agree(derived))
    with write_atomically(directory / ARCHITECTURE_FILE) as unfinished:
        unfinished.write_text(architecture.to_json(), "utf-8")
    if budget is None:
        return architecture, {}
    write_json(directory / PROBABILITIES_FILE, measure_probabilities(supernet))
    # The search may have ended elsewhere, or in a mixture.
    apply_architecture(supernet, architecture)
    return architecture, {"budget": describe_budget(budget, architecture)}


def keep_collapsed(
    job: Job, supernet: Supernet, architecture: Architecture, directory: Path
) -> float:
    """Keep the collapsed model, with batch norm statistics of its own.

    Args:
        job: what the stages share.
        supernet: a supernet; it ends in float32.
        architecture: what it collapses into.
        directory: gets `collapsed.keras`.

    Returns:
        The largest difference between the outputs of both, before the
        statistics are estimated anew.
    """
    set_precision(supernet)
    synchronize(supernet, False)
    collapsed = collapse(supernet, architecture)
    images = job.sample_images(COMPARED_IMAGES).astype("float32")
    outputs = [
        keras.tree.flatten(model(images)) for model in (supernet, collapsed)
    ]
    Recalibration(collapsed)(job.calibration_images(RECALIBRATION_BATCHES))
    save_model(collapsed, directory / COLLAPSED_FILE)
    differences = [
        np.max(np.abs(np.subtract(mixed, plain)))
        for mixed, plain in zip(*outputs, strict=True)
    ]
    return float(np.max(differences))  # NaN where any is NaN.
