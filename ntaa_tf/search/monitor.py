"""What is watched of a search, epoch by epoch."""

from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.search.joint import Supernet


class SearchMonitor(keras.callbacks.Callback):
    """Adds to the logs of every epoch how the architecture stands.

    `val_argmax_accuracy`: the accuracy on held-out data with all weight on the
    largest logits; beside the supernet's `val_accuracy` it shows the gap
    between the two. `entropy`: mean entropy of p, in nats.
    `changed_share`: share of choices whose argmax is not the source's.

    Args:
        validation_batches: batches of images and labels.
    """

    def __init__(self, validation_batches: Any):
        super().__init__()
        self._validation_batches = validation_batches

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure."""
        logs |= {
            "val_argmax_accuracy": self._evaluate_argmax(),
            "entropy": measure_entropy(self.model),
            "changed_share": float(
                np.mean([choice.changed for choice in self.model.choices])
            ),
            "learning_rate": float(self.model.optimizer.learning_rate),
            "architecture_learning_rate": float(
                self.model.architecture_optimizer.learning_rate
            ),
        }

    def _evaluate_argmax(self) -> float:
        for choice in self.model.choices:
            choice.set_pulls(0.0, 1.0)
        results = self.model.evaluate(
            self._validation_batches, verbose=0, return_dict=True
        )
        self.model.anneal()
        return results["accuracy"]


def measure_entropy(supernet: Supernet) -> float:
    """Give the mean entropy of the choices' softmax, in nats."""
    entropies = []
    for logits in supernet.logits:
        probabilities = ops.convert_to_numpy(ops.softmax(logits))
        entropies.append(-np.sum(probabilities * np.log(probabilities + 1e-12)))
    return float(np.mean(entropies))
