"""Checks of --weights and --preprocessing that several kinds of model share."""

import pathlib

from ntaa_tf.zoo.preprocessing import FILE_MODES


def check_mode(preprocessing: str | None) -> None:
    """Raise a ValueError unless the preprocessing is one of Keras's, if any."""
    if preprocessing not in (None, *FILE_MODES):
        raise ValueError(
            "Invalid value for `preprocessing`. Expected one of "
            f"{', '.join(FILE_MODES)}. Received: {preprocessing!r}."
        )


def require_mode(preprocessing: str | None, model: str) -> str:
    """Give the preprocessing, or raise a ValueError if none is said.

    Args:
        preprocessing: one of Keras's modes, or None.
        model: which model needs it, and why, for the message.
    """
    check_mode(preprocessing)
    if preprocessing is None:
        raise ValueError(
            "Invalid value for `preprocessing`. Expected one of "
            f"{', '.join(FILE_MODES)} for {model}: say what its images went "
            "through in training. Received: None."
        )
    return preprocessing


def reject_preprocessing(name: str, preprocessing: str | None) -> None:
    """Raise a ValueError if a model that knows its own is told another."""
    if preprocessing is not None:
        raise ValueError(
            f"Invalid value for `preprocessing`. Expected none for {name!r}, "
            f"which knows its own. Received: {preprocessing!r}. It is for "
            "`.keras` files and builders of your own; leave it out."
        )


def reject_weights(name: str, weights: str) -> None:
    """Raise a ValueError if a model that brings its own is given others."""
    if weights != "imagenet":
        raise ValueError(
            f"Invalid value for `weights`. Expected none for {name!r}, which "
            f"brings its own. Received: {weights!r}. Leave it out."
        )


def reject_imagenet(name: str, weights: str) -> None:
    """Raise a ValueError if weights are asked of Keras that it has not."""
    if weights == "imagenet":
        raise ValueError(
            "Invalid value for `weights`. Expected the path of a "
            f"`.weights.h5` file for {name!r}, of which Keras has no "
            "weights, or none to begin at random. Received: 'imagenet'."
        )


def check_weights_file(path: str, others: str) -> None:
    """Raise a ValueError unless there is a weights file.

    Args:
        path: of the file.
        others: what else the weights may be, for the message.
    """
    if not path.endswith(".h5") or not pathlib.Path(path).is_file():
        raise ValueError(
            f"Invalid value for `weights`. Expected {others} or the path "
            "of an existing `.h5` or `.weights.h5` file. Received: "
            f"{path!r}."
        )
