"""Batch norm statistics of a network whose layers have changed."""

import contextlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

# Of training images: what a network's own statistics are estimated from.
RECALIBRATION_BATCHES = 50


class Recalibration:
    """Estimates moving means and variances anew, as plain means over batches.

    Only the moving statistics of the batch normalization layers that train
    are changed.

    Args:
        model: any model.

    Example:
    >>> inputs = keras.Input((4, 4, 3))
    >>> norm = keras.layers.BatchNormalization()
    >>> model = keras.Model(inputs, norm(inputs))
    >>> Recalibration(model)([np.full((2, 4, 4, 3), 5.0)])
    >>> float(norm.moving_mean[0])
    5.0
    """

    def __init__(self, model: keras.Model):
        self._model = model
        self._layers = [
            layer
            for layer in model._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
            and layer.trainable
        ]
        self._momentum = tf.Variable(0.0, trainable=False)
        self._observe = tf.function(
            lambda images: model(images, training=True), reduce_retracing=True
        )

    def __call__(self, batches: Iterable[Any]) -> None:
        """Estimate from batches of training images (batch, ..., 3)."""
        if not self._layers:
            return
        momenta = [layer.momentum for layer in self._layers]
        try:
            for layer in self._layers:
                layer.momentum = self._momentum
            for count, images in enumerate(batches):
                # After this batch every batch so far weighs the same.
                self._momentum.assign(count / (count + 1))
                self._observe(images)
        finally:
            for layer, momentum in zip(self._layers, momenta, strict=True):
                layer.momentum = momentum

    @contextlib.contextmanager
    def temporarily(self, batches: Iterable[Any]) -> Iterator[None]:
        """Estimate, and leave no trace in the model when the block ends.

        Random seeds and all other state that moves in training are put back
        as well.
        """
        values = self._read_state()
        try:
            self(batches)
            yield
        finally:
            self._put_back(values)

    def if_better(
        self, batches: Iterable[Any], measure: Callable[[], float]
    ) -> float:
        """Estimate, and leave no trace unless the model measures better.

        Args:
            batches: of training images (batch, ..., 3).
            measure: how good the model is; more is better.

        Returns:
            How good it is in the end.
        """
        before = measure()
        if not self._layers:
            return before
        values = self._read_state()
        self(batches)
        after = measure()
        if after > before:
            return after
        self._put_back(values)
        return before

    def _read_state(self) -> list[Any]:
        return [v.numpy() for v in self._model.non_trainable_variables]

    def _put_back(self, values: list[Any]) -> None:
        state = self._model.non_trainable_variables
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
