"""The end of a search: changes are judged on held-out images."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from ntaa_tf import data
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.search_space import SearchSpace
from ntaa_tf.costs.measurement import measure_network
from ntaa_tf.distribute import agree
from ntaa_tf.search.burden_of_proof import BurdenOfProof
from ntaa_tf.training.batch_norm_calibration import MEASURING_BATCHES
from ntaa_tf.training.batch_norm_calibration import Recalibration

# Share of the steps before judging in which a change is absent.
ABSENCE = 0.5

# A function that returns the losses of the judging examples (examples,).
Measure = Callable[[], np.ndarray]


def judge_changes(
    assembly: Assembly, space: SearchSpace, measure: Measure | None
) -> list[dict[str, Any]]:
    """Revert the changes of a supernet that don't earn their price.

    Args:
        assembly: what the stages share.
        space: the trained supernet, which ends at its winners, and its budget.
        measure: see `measure_losses`.

    Returns:
        The judgements, see `BurdenOfProof`; nothing if changes aren't judged.
    """
    if measure is None:
        return []
    burden = BurdenOfProof(
        space.supernet,
        measure,
        assembly.recipe.search.price,
        measure_network(space.supernet),
        None if space.budget is None else space.budget.keeps,
    )
    return [dataclasses.asdict(each) for each in burden.judge()]


def score(measure: Measure) -> float:
    """Return minus the mean loss, the same on all workers."""
    found: float = agree(-float(np.mean(measure())))
    return found


def measure_losses(
    assembly: Assembly, supernet: keras.Model, recalibration: Recalibration
) -> Measure | None:
    """Build a function that measures the loss of each judging example.

    Args:
        assembly: what the stages share.
        supernet: the network to measure, as it is when the function is called.
        recalibration: recalibration of the supernet.

    Returns:
        A function that returns the losses (examples,), or for retrieval their
        mean for each identity, with batch norm re-estimated on images that
        the weights learn from; None if there are no judging examples.
    """
    judging = assembly.judging
    if judging is None:
        return None
    chosen = judging.chosen if judging.chosen is not None else slice(None)
    images = data.crop_center(
        judging.examples.images[chosen], assembly.image_size
    )
    labels = keras.utils.to_categorical(
        judging.examples.labels[chosen], assembly.batches.count_labels(judging)
    )
    batches = data.image_batches(images, assembly.recipe.training.batch_size)
    # Kept as tensors: they are read again for each change.
    calibrating = list(
        assembly.batches.calibration_images(
            MEASURING_BATCHES, assembly.streams[0]
        )
    )

    def measure() -> np.ndarray:
        with recalibration.temporarily(calibrating):
            outputs = supernet.predict(batches, verbose=0)
        losses = compute_losses(assembly, labels, keras.tree.flatten(outputs))
        if assembly.task.images_per_class is None:
            return losses
        # Images of one identity are alike, so identities are compared.
        return labels.T @ losses / np.sum(labels, axis=0)

    return measure


def compute_losses(
    assembly: Assembly, labels: np.ndarray, outputs: list[np.ndarray]
) -> np.ndarray:
    """Compute the loss of each example.

    Args:
        assembly: what the stages share.
        labels: one-hot labels (examples, classes).
        outputs: outputs of the model (examples, ...), one or several.

    Returns:
        The weighted sum of the task's losses, without penalties (examples,).
    """
    task = assembly.task
    alone = assembly.dataset.target is not None and task.architecture_loss
    if alone:  # The target domain has labels of its own.
        return np.asarray(alone.call(labels, outputs[0]))
    options = task.compile_options()
    losses = keras.tree.flatten(options["loss"])
    weights = options.get("loss_weights", [1.0] * len(losses))
    targets = keras.tree.flatten(task.make_targets(labels))
    total = np.zeros(len(labels))
    for loss, weight, target, output in zip(
        losses, weights, targets, outputs, strict=True
    ):
        values = np.asarray(loss.call(target, output))
        total += weight * values.reshape(len(labels), -1).mean(axis=1)
    return total
