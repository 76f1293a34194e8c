"""Batch norm statistics of one replica's batch or of the global batch."""

import keras


def synchronize(model: keras.Model, synchronized: bool = True) -> None:
    """Set whether batch norm averages its statistics over all replicas.

    Compile the model again afterwards: a compiled function keeps the old
    setting.

    Args:
        model: model whose batch norm layers are changed in place.
        synchronized: True for statistics of the global batch, False for
            statistics of each replica's own part.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> norm = keras.layers.BatchNormalization()
    >>> synchronize(keras.Model(inputs, norm(inputs)))
    >>> norm.synchronized
    True
    """
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = synchronized
