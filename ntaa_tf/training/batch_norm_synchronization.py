"""Over what batch normalization takes its statistics."""

import keras


def synchronize(model: keras.Model, synchronized: bool = True) -> None:
    """Let batch normalization see the batch of all replicas, or its own part.

    A model that was compiled before is to be compiled again.

    Args:
        model: its layers are changed.
        synchronized: whether the statistics are those of all replicas.

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
