"""Training that is no longer worth going on."""

import math
from pathlib import Path
from typing import Any

import keras
from keras import ops

LOWEST_LOSS_SCALE = 1.0


class DivergenceError(RuntimeError):
    """The loss is no longer a number."""


class StopOnDivergence(keras.callbacks.Callback):
    """Stops the training, by an error, when the loss is not finite.

    Where the loss is scaled, a step that overflows is skipped and halves the
    scale. That is no divergence, and the loss of such a step is left out of
    the mean of the epoch, until the scale is below 1 or an epoch has nothing
    else.

    Args:
        directory: where the last good checkpoint is, for the message.
    """

    def __init__(self, directory: Path):
        super().__init__()
        self._directory = directory

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Remember that no batch of the epoch has been seen."""
        self._kept = self._read_mean_loss()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look at the loss, and at its scale."""
        loss = float((logs or {}).get("loss", 0.0))
        what = f"The loss became {loss} at batch {batch} of the epoch."
        optimizer = self.model.optimizer
        scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if math.isfinite(loss):
            self._kept = self._read_mean_loss()
        elif scales:
            for variable, value in zip(
                self._mean_loss(), self._kept, strict=True
            ):
                variable.assign(value)
        else:
            self._stop(what)
        if scales and not float(optimizer.dynamic_scale) >= LOWEST_LOSS_SCALE:
            self._stop(f"The gradients overflow whatever their scale. {what}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Look at the epoch, and at what its last step left.

        Moving statistics as well: a loss does not show theirs.
        """
        if not any(self._kept):
            self._stop("No batch of the epoch had a finite loss.")
        for variable in self.model.variables:
            if not ops.all(ops.isfinite(variable)):
                self._stop(f"{variable.path} is no longer finite.")

    def _mean_loss(self) -> list[keras.Variable]:
        """Give what Keras computes the mean loss of the epoch from."""
        losses = (m for m in self.model.metrics if m.name == "loss")
        return [variable for metric in losses for variable in metric.variables]

    def _read_mean_loss(self) -> list[float]:
        return [float(variable.numpy()) for variable in self._mean_loss()]

    def _stop(self, what: str) -> None:
        raise DivergenceError(
            f"{what} The last good checkpoint is kept in {self._directory}. "
            "Lower --learning_rate or --architecture_learning_rate, or compute "
            "with another --mixed_precision, in another --workdir."
        )
