"""Momentum of moving statistics, for the length of a training."""

import contextlib
from collections.abc import Iterator

import keras

# Statistics average over a third of an epoch, so that those after an epoch are
# of this epoch's weights.
MEMORY = 1 / 3  # In epochs.
LEAST_STEPS = 10  # Fewer batches would be too noisy, even in a short epoch.


@contextlib.contextmanager
def limit_momentum(model: keras.Model, steps_per_epoch: int) -> Iterator[None]:
    """Lower the momentum of batch norm while a model trains on few batches.

    A momentum m averages over about 1 / (1 − m) batches. MobileNetV2 has
    0.999: after 700 batches half of its moving statistics are still those of
    the source, and the others mix old and new weights.

    Args:
        model: model to train; its own momenta come back when the block ends.
        steps_per_epoch: batches per epoch.

    Example:
    >>> inputs = keras.Input((4, 4, 3))
    >>> norm = keras.layers.BatchNormalization(momentum=0.999)
    >>> with limit_momentum(keras.Model(inputs, norm(inputs)), 60):
    ...     print(norm.momentum)
    0.95
    """
    most = 1 - 1 / max(MEMORY * steps_per_epoch, LEAST_STEPS)
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = min(layer.momentum, most)
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
