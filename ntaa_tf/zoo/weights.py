"""Weights of a source model from a file."""

import keras

from ntaa_tf.zoo.errors import summarize


def load_weights(model: keras.Model, path: str, owner: str) -> None:
    """Load the weights of a model from a file.

    Args:
        model: the model; its weights are replaced.
        path: a `.weights.h5` file, or an `.h5` file that Keras publishes.
        owner: the model that the weights must belong to, for the message.

    Raises:
        ValueError: if the weights don't fit the model.
    """
    try:
        model.load_weights(path)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(
            f"Invalid value for `weights`: {path} does not fit {owner}: "
            f"{summarize(error)}. Use a weights file of that model."
        ) from error
