"""Derivation and collapse of a supernet, shared by search and sample."""

import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.search_space import SearchSpace
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

logger = logging.getLogger(__name__)


def derive_architecture(
    space: SearchSpace, directory: Path
) -> tuple[Architecture, dict[str, Any]]:
    """Derive the architecture, write it, and set the supernet to it.

    Args:
        space: supernet, searched or not, and its budget.
        directory: directory that gets `architecture.json`; with a budget also
            `probabilities.json`, from which the architecture was derived.

    Returns:
        The architecture; and a part of the stage's result: under `budget` the
        costs of the architecture, or nothing without a budget.
    """
    supernet, budget = space.supernet, space.budget
    # All workers go on with the architecture of the chief.
    derived = agree(derive(supernet, budget).to_json())
    architecture = Architecture.from_json(derived)
    with write_atomically(directory / ARCHITECTURE_FILE) as unfinished:
        unfinished.write_text(architecture.to_json(), "utf-8")
    if budget is None:
        return architecture, {}
    write_json(directory / PROBABILITIES_FILE, measure_probabilities(supernet))
    # The budget may have derived another architecture than the argmax.
    apply_architecture(supernet, architecture)
    return architecture, {"budget": _list_costs(budget, architecture)}


def _list_costs(
    budget: Budget, architecture: Architecture
) -> dict[str, dict[str, float]]:
    """List, and log, each limited cost: of the source, limit, predicted."""
    costs = {}
    for name, cost in budget.predict(architecture).items():
        limit = budget.limits[name]
        logger.info("%s: %s, limit %s", name, _format(cost), _format(limit))
        costs[name] = {
            "source": budget.source[name],
            "limit": limit,
            "derived": cost,
        }
    return costs


def _format(cost: float) -> str:
    return format(cost, ",.10g")


def save_collapsed(
    assembly: Assembly,
    supernet: Supernet,
    architecture: Architecture,
    directory: Path,
) -> float:
    """Collapse a supernet, recalibrate its batch norm, and save the model.

    Args:
        assembly: what the stages share.
        supernet: supernet to collapse; it is set to float32.
        architecture: architecture of the collapsed model.
        directory: directory that gets `collapsed.keras`.

    Returns:
        The largest difference between the outputs of the supernet and of the
        collapsed model, before the recalibration.
    """
    set_precision(supernet)
    synchronize(supernet, False)
    collapsed = collapse(supernet, architecture)
    batches = assembly.batches
    images = batches.sample_images(COMPARED_IMAGES).astype("float32")
    outputs = [
        keras.tree.flatten(model(images)) for model in (supernet, collapsed)
    ]
    Recalibration(collapsed)(batches.calibration_images(RECALIBRATION_BATCHES))
    save_model(collapsed, directory / COLLAPSED_FILE)
    differences = [
        np.max(np.abs(np.subtract(mixed, plain)))
        for mixed, plain in zip(*outputs, strict=True)
    ]
    return float(np.max(differences))  # NaN where any is NaN.
