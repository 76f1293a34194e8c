"""Weights of a source model from a file."""

import keras

from ntaa_tf.zoo.errors import reason


def load_weights(model: keras.Model, path: str, owner: str) -> None:
    """Read the weights of a model from a file.

    Args:
        model: gets the weights.
        path: a `.weights.h5` file, or an `.h5` file of Keras's own.
        owner: whose weights they have to be, for the message.

    Raises:
        ValueError: if they don't fit.
    """
    try:
        model.load_weights(path)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(
            f"Invalid value for `weights`. Expected a weights file of {owner}. "
            f"Received: {path}, which does not fit: {reason(error)}."
        ) from error
