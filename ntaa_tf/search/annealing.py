"""How a supernet hears how far its search has come."""

from typing import Any

import keras


class Annealing(keras.callbacks.Callback):
    """Tells the supernet how far the search has come."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Count the steps of the search."""
        if not self.params.get("steps"):
            raise ValueError(
                "Invalid arguments of `fit`. Expected data of known length, "
                "or `steps_per_epoch`: the mixture changes with every step. "
                "Received neither."
            )
        steps = self.params["steps"] * self.params["epochs"]
        self.model.progress_per_step.assign(1 / steps)

    def on_train_end(self, logs: Any = None) -> None:
        """Let the mixture stay as it is."""
        self.model.progress_per_step.assign(0.0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Tell how far the search is before this batch."""
        self._set(self._epoch + batch / self.params["steps"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Set the mixture to where the next epoch begins."""
        self._set(epoch + 1)
        self.model.anneal()

    def _set(self, epochs: float) -> None:
        self.model.progress.assign(epochs / self.params["epochs"])
