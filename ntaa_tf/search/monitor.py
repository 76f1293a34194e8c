"""What is watched of a search, epoch by epoch."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.choice import Choice
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.training.batch_norm_calibration import Recalibration


class SearchMonitor(keras.callbacks.Callback):
    """Adds to the logs of every epoch how the search stands.

    `val_accuracy` and `val_argmax_accuracy`, or by the name of the score: how
    good the mixture is on held-out data, or the path last drawn, and how good
    with all weight on the winners.
    The gap between the two is what collapse would lose now. Both are measured
    with batch norm statistics of their own, and leave the supernet as it was.
    `entropy`: mean entropy of p, in nats. Of all choices, of operations and of
    inputs, `changed_share` is the share whose winner is not the source's own,
    and `kept_share` that whose winner is still that of the epoch before.
    `weight_free_share`: share of the sites, or of the edges of cells, whose
    winner has no weights.

    Args:
        measure: measures a model on held-out data.
        score: the name of what it measures.
        calibration_images: batches of training images.
    """

    def __init__(
        self,
        measure: Callable[[keras.Model], float],
        score: str,
        calibration_images: Any,
    ):
        super().__init__()
        self._measure = measure
        self._score = score
        self._calibration_images = calibration_images

    def set_model(self, model: Supernet) -> None:
        """Watch a supernet."""
        super().set_model(model)
        self._recalibration = Recalibration(model)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the winners."""
        self._winners = [choice.winner for choice in self.model.choices]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure."""
        logs[f"val_{self._score}"] = self.evaluate()
        choices = self.model.choices
        drawn = [int(choice.drawn.numpy()) for choice in choices]
        self.model.settle()
        logs[f"val_argmax_{self._score}"] = self.evaluate()
        self.model.anneal()
        for choice, option in zip(choices, drawn, strict=True):
            choice.drawn.assign(option)
        logs["entropy"] = measure_entropy(self.model)
        logs.update(measure_winners(choices, self._winners))

    def evaluate(self) -> float:
        """Measure, with batch norm statistics of its own."""
        with self._recalibration.temporarily(self._calibration_images):
            return self._measure(self.model)


def measure_winners(
    choices: Sequence[Choice], before: Sequence[str]
) -> dict[str, float]:
    """Give how many choices changed, kept their winner, lost their weights.

    Args:
        choices: of a supernet.
        before: the winners of an earlier time.
    """
    kept = [c.winner == old for c, old in zip(choices, before, strict=True)]
    weight_free: list[bool] = []
    for choice in choices:
        if isinstance(choice, MixedOp):
            weight_free.append(choice.is_weight_free(choice.winner))
        elif isinstance(choice, CellChoice):
            weight_free += map(choice.is_weight_free, choice.cell.values())
    shares = {
        "changed_share": [choice.changed for choice in choices],
        "kept_share": kept,
        "weight_free_share": weight_free,
    }
    return {name: float(np.mean(share)) for name, share in shares.items()}


def measure_entropy(supernet: Supernet) -> float:
    """Give the mean entropy of the choices' softmax, in nats."""
    entropies = []
    for logits in supernet.logits:
        probabilities = ops.convert_to_numpy(ops.softmax(logits))
        terms = -probabilities * np.log(probabilities + 1e-12)
        entropies.append(np.mean(np.sum(terms, axis=-1)))
    return float(np.mean(entropies))
