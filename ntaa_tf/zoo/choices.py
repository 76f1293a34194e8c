"""Checks of --weights and --preprocessing for several kinds of models."""

import pathlib

from ntaa_tf.zoo.preprocessing import FILE_MODES

_MODES = ", ".join(FILE_MODES)


def check_mode(preprocessing: str | None) -> None:
    """Raise a ValueError unless the preprocessing is None or a file mode."""
    if preprocessing not in (None, *FILE_MODES):
        raise ValueError(
            f"Invalid value for `preprocessing`: {preprocessing!r}. Choose "
            f"one of {_MODES}."
        )


def require_mode(preprocessing: str | None, model: str) -> str:
    """Return the preprocessing mode, or raise a ValueError if it is None.

    Args:
        preprocessing: one of Keras's modes, or None.
        model: the model that needs a mode, and why, for the message.
    """
    check_mode(preprocessing)
    if preprocessing is None:
        raise ValueError(
            f"`preprocessing` is missing for {model}. Choose the "
            f"preprocessing that the model was trained with: one of {_MODES}."
        )
    return preprocessing


def reject_preprocessing(name: str, preprocessing: str | None) -> None:
    """Raise a ValueError if the user sets a mode that the model defines."""
    if preprocessing is not None:
        raise ValueError(
            f"`preprocessing` can't be set for {name!r}, whose preprocessing "
            f"is known. Received: {preprocessing!r}. Remove it; it is for "
            "`.keras` files and model-building functions of your own."
        )


def reject_weights(name: str, weights: str, reason: str) -> None:
    """Raise a ValueError if weights are set for a model without a choice.

    Args:
        name: name or path of the model.
        weights: value of --weights, whose default is "imagenet".
        reason: why the weights can't be chosen, for the message.
    """
    if weights != "imagenet":
        raise ValueError(
            f"`weights` can't be set for {name!r}: {reason}. Received: "
            f"{weights!r}. Remove it."
        )


def reject_imagenet(name: str, weights: str) -> None:
    """Raise a ValueError for ImageNet weights, which Keras lacks here."""
    if weights == "imagenet":
        raise ValueError(
            "Invalid value for `weights`: Keras has no ImageNet weights for "
            f"{name!r}. Pass the path of a `.weights.h5` file, or none for "
            "random weights."
        )


def check_weights_file(path: str, others: str) -> None:
    """Raise a ValueError unless a weights file exists.

    Args:
        path: path of the file.
        others: the other possible values of `weights`, for the message.
    """
    if not path.endswith(".h5") or not pathlib.Path(path).is_file():
        raise ValueError(
            f"Invalid value for `weights`: {path!r} is not an existing `.h5` "
            f"or `.weights.h5` file. Pass {others} or the path of such a file."
        )
