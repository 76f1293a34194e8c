"""The callback that measures the progress of a search after every epoch."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import Choice
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.training.batch_norm_calibration import Recalibration


class SearchMonitor(keras.callbacks.Callback):
    """Adds measures of the search to the logs of every epoch.

    `val_SCORE`: score of the mixture, or of the path drawn last, on held-out
    data. `val_argmax_SCORE`: score with all weight on the winners. Their
    difference is what collapse would lose now. The winners, and a path, are
    measured with recalibrated batch-norm statistics; the mixture has its own
    until the end. The supernet is restored afterwards.

    `entropy`: mean entropy of p over the choices, in nats.
    `changed_share`: share of the choices whose winner is not the source's.
    `kept_share`: share of the choices with the same winner as an epoch ago.
    `weight_free_share`: share of the sites, or of the edges of cells, whose
    winner has no weights.

    Args:
        measure: a function that returns the score of a model on held-out data.
        score: the name of the score, such as `accuracy`.
        calibration_images: batches of training images, for recalibration.
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
        """Set the supernet to measure."""
        super().set_model(model)
        self.recalibration = Recalibration(model)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Store the winners."""
        self._winners = [choice.winner for choice in self.model.choices]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure the mixture and the winners."""
        logs[f"val_{self._score}"] = self._measure_mixture()
        choices = self.model.choices
        # `settle` sets the drawn options to the winners. `anneal` restores the
        # mixture, but not the drawn options.
        drawn = [int(choice.drawn.numpy()) for choice in choices]
        self.model.settle()
        logs[f"val_argmax_{self._score}"] = self.evaluate()
        self.model.anneal()
        for choice, option in zip(choices, drawn, strict=True):
            choice.drawn.assign(option)
        logs["entropy"] = measure_entropy(self.model)
        logs.update(measure_winners(choices, self._winners))

    def _measure_mixture(self) -> float:
        """Return the score of the mixture, or of the path drawn last."""
        # The last batches went through this mixture, unless it is one path.
        # At the end both scores are of the same network, measured alike.
        is_mixed = self.model.relaxation == EXPECTATION
        if is_mixed and self.model.progress.numpy() < 1:
            return self._measure(self.model)
        return self.evaluate()

    def evaluate(self) -> float:
        """Return the score with temporarily recalibrated statistics."""
        with self.recalibration.temporarily(self._calibration_images):
            return self._measure(self.model)


def measure_winners(
    choices: Sequence[Choice], before: Sequence[str]
) -> dict[str, float]:
    """Return the shares of changed, kept and weight-free winners.

    Args:
        choices: the choices of a supernet.
        before: the winners at an earlier time, in the same order.
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
    """Return the mean entropy of softmax(logits) over the choices, in nats."""
    entropies = []
    for logits in supernet.logits:
        probabilities = ops.convert_to_numpy(ops.softmax(logits))
        # The small constant keeps 0 · log 0 at 0 instead of NaN.
        terms = -probabilities * np.log(probabilities + 1e-12)
        # A cell has one row of logits for each edge: the mean is over edges.
        entropies.append(np.mean(np.sum(terms, axis=-1)))
    return float(np.mean(entropies))
