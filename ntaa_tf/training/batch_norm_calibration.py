"""Batch norm calibration: re-estimate moving statistics after surgery."""

import contextlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

# Number of training batches that one calibration reads.
RECALIBRATION_BATCHES = 50
# Fewer, where a network is only measured and then restored.
MEASURING_BATCHES = 10


class Recalibration:
    """Re-estimation of the moving statistics of a model's batch norm layers.

    Calling it sets every moving mean and variance to the plain mean over the
    given batches; the old values have no influence. Weights and frozen batch
    norm layers stay as they are.

    Args:
        model: any model; its trainable batch norm layers are re-estimated.

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
        """Estimate the statistics from training images (batch, ..., 3)."""
        if not self._layers:
            return
        momenta = [layer.momentum for layer in self._layers]
        try:
            for layer in self._layers:
                layer.momentum = self._momentum
            for count, images in enumerate(batches):
                # Keras updates m * old + (1 - m) * new. With m = n / (n + 1)
                # after n batches, every batch so far has the same weight.
                self._momentum.assign(count / (count + 1))
                self._observe(images)
        finally:
            for layer, momentum in zip(self._layers, momenta, strict=True):
                layer.momentum = momentum

    @contextlib.contextmanager
    def temporarily(self, batches: Iterable[Any]) -> Iterator[None]:
        """Calibrate the model until the block ends, then undo it.

        All non-trainable state is restored, random seeds included.
        """
        values = self._read_state()
        try:
            self(batches)
            yield
        finally:
            self._restore(values)

    def if_better(
        self, batches: Iterable[Any], measure: Callable[[], float]
    ) -> float:
        """Calibrate the model; undo it unless the model's score improves.

        Args:
            batches: training images (batch, ..., 3).
            measure: function that returns the model's score; more is better.

        Returns:
            The score of the model as it is left.
        """
        before = measure()
        if not self._layers:
            return before
        values = self._read_state()
        self(batches)
        after = measure()
        if after > before:
            return after
        self._restore(values)
        return before

    def _read_state(self) -> list[Any]:
        return [v.numpy() for v in self._model.non_trainable_variables]

    def _restore(self, values: list[Any]) -> None:
        state = self._model.non_trainable_variables
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
