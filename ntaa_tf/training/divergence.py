"""Stop a training whose loss or variables are no longer finite."""

import math
from pathlib import Path
from typing import Any

import keras
from keras import ops

LOWEST_LOSS_SCALE = 1.0


class DivergenceError(RuntimeError):
    """The loss, a weight or a moving statistic is infinite or NaN."""


class StopOnDivergence(keras.callbacks.Callback):
    """Callback that raises DivergenceError when a training diverges.

    Under loss scaling (float16) an overflow is expected: the optimizer skips
    the step and halves the loss scale. The callback removes the loss of a
    skipped step from the mean of the epoch. It raises once the loss scale is
    below 1, or when an epoch ends without a single finite loss.

    Args:
        directory: directory of the checkpoints, named in the error.
    """

    def __init__(self, directory: Path):
        super().__init__()
        self._directory = directory

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Save the mean loss of an epoch without batches: zeros."""
        self._finite_mean = self._read_mean_loss()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Check the loss, and the loss scale of a float16 training."""
        loss = float((logs or {}).get("loss", 0.0))
        problem = f"The loss became {loss} at batch {batch} of the epoch."
        optimizer = self.model.optimizer
        scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if math.isfinite(loss):
            self._finite_mean = self._read_mean_loss()
        elif scales:
            self._restore_mean_loss()
        else:
            self._stop(problem)
        # "not >=" is also true of a scale that became NaN.
        if scales and not float(optimizer.dynamic_scale) >= LOWEST_LOSS_SCALE:
            self._stop(f"Gradients overflow at every loss scale. {problem}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Check every variable of the model.

        The training loss can't show infinite moving statistics: in training,
        batch norm reads the statistics of the batch.
        """
        if not any(self._finite_mean):
            self._stop("No batch of the epoch had a finite loss.")
        for variable in self.model.variables:
            if not ops.all(ops.isfinite(variable)):
                self._stop(f"{variable.path} is no longer finite.")

    def _list_mean_loss(self) -> list[keras.Variable]:
        """List the variables of Keras's running mean: loss sum and count."""
        losses = (m for m in self.model.metrics if m.name == "loss")
        return [variable for metric in losses for variable in metric.variables]

    def _read_mean_loss(self) -> list[float]:
        return [float(variable.numpy()) for variable in self._list_mean_loss()]

    def _restore_mean_loss(self) -> None:
        variables = self._list_mean_loss()
        for variable, value in zip(variables, self._finite_mean, strict=True):
            variable.assign(value)

    def _stop(self, problem: str) -> None:
        raise DivergenceError(
            f"{problem} The last good checkpoint is kept in {self._directory}. "
            "Start again in another --workdir with a lower --learning_rate or "
            "--architecture_learning_rate, or with another --mixed_precision."
        )
