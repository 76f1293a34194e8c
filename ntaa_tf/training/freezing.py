"""Freeze the first layers of a model."""

from typing import Any

import keras


def freeze_before(model: keras.Model, first: str) -> list[Any]:
    """Freeze all layers of a model before a given one.

    Args:
        model: a flat model; its layers are changed in place.
        first: first layer to train: its name, or the share of the layers with
            weights to freeze before it, such as 0.5.

    Returns:
        The layers that were trainable and are frozen now.

    Raises:
        ValueError: if `first` is neither a layer nor a share.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(4, 3, name="a")(inputs)
    >>> model = keras.Model(inputs, keras.layers.Conv2D(4, 3, name="b")(hidden))
    >>> [layer.name for layer in freeze_before(model, "b")]
    ['a']
    """
    weighted = [layer for layer in model.layers if layer.weights]
    names = [layer.name for layer in weighted]
    if first in names:
        count = names.index(first)
    else:
        count = int(_parse_share(first, names) * len(weighted))
    frozen = [layer for layer in weighted[:count] if layer.trainable]
    for layer in frozen:
        layer.trainable = False
    return frozen


def _parse_share(text: str, names: list[str]) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise ValueError(
            "Invalid value for `trainable_from`. Expected the share of layers "
            "to freeze, from 0 to below 1, or one of the layers with weights: "
            f"{names}. Received: {text!r}."
        )
    return share
