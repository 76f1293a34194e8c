"""Source models from a function of the user's own: package.module:function."""

import importlib
import re
from collections.abc import Callable
from typing import Any

import keras

from ntaa_tf.image_size import Size
from ntaa_tf.zoo.choices import check_weights_file
from ntaa_tf.zoo.choices import reject_imagenet
from ntaa_tf.zoo.choices import require_mode
from ntaa_tf.zoo.cutting import cut_to_features
from ntaa_tf.zoo.errors import invalid_model
from ntaa_tf.zoo.errors import reason
from ntaa_tf.zoo.layer_names import renumber
from ntaa_tf.zoo.source import SourceInfo
from ntaa_tf.zoo.weights import load_weights

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def names_builder(name: str) -> bool:
    """Say whether a model is named as a function of a module.

    Example:
    >>> names_builder("package.module:function"), names_builder("vgg16")
    (True, False)
    """
    return _NAME.fullmatch(name) is not None


def find_builder(
    name: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    """Check the choice of a function that builds a model; see `find_source`.

    Args:
        name: package.module:function, which is imported.
        weights: "none" for those that the function gives its model, or the
            path of a weights file of that model.
        preprocessing: one of Keras's modes.
    """
    _import_builder(name)
    reject_imagenet(name, weights)
    if weights != "none":
        check_weights_file(weights, "none")
    return SourceInfo(
        name=name,
        weights=weights,
        preprocessing=require_mode(
            preprocessing,
            f"the builder {name} (none if its model begins with its own)",
        ),
        native_size=None,
        minimum_size=1,
        fixed_size=False,
        pretrained=weights != "none",
    )


def load_built(name: str, weights: str, image_size: Size) -> keras.Model:
    """Build a model by the user's function and cut its classifier.

    Args:
        name: package.module:function. The function takes the image size,
            (height, width) in pixels, and returns a functional or Sequential
            model of images (batch, height, width, 3).
        weights: "none" or the path of a weights file.
        image_size: height and width in pixels.

    Returns:
        A flat functional model from the images to the last feature map.

    Raises:
        ValueError: if the function fails, what it returns is no such model,
            or the weights don't fit.
    """
    model = _build(name, image_size)
    if weights != "none":
        load_weights(model, weights, f"the model that {name} returns")
    return renumber(cut_to_features(model, image_size, name))


def _import_builder(name: str) -> Callable[[Size], Any]:
    module_name, _, function_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # A module may do anything while it is imported.
        raise invalid_model(
            "package.module:function, of a module that can be imported from "
            "where the command runs",
            f"{name!r}, whose import fails: {reason(error)}",
        ) from error
    builder = getattr(module, function_name, None)
    if not callable(builder):
        raise invalid_model(
            f"the name of a function of {module_name}",
            f"{name!r}, of which there is no function {function_name!r}",
        )
    return builder


def _build(name: str, image_size: Size) -> keras.Model:
    builder = _import_builder(name)
    expected = (
        f"a function that returns a functional Keras model for {image_size}"
    )
    try:
        model = builder(image_size)
    except Exception as error:  # So may a function.
        raise invalid_model(
            expected, f"{name!r}, which fails: {reason(error)}"
        ) from error
    if not _is_functional(model):
        raise invalid_model(
            expected, f"{name!r}, which returns a {type(model).__name__}"
        )
    _check_images(name, model, image_size)
    return model


def _is_functional(model: Any) -> bool:
    """Whether the graph of a model is known."""
    is_built = isinstance(model, keras.Model) and model.built
    return is_built and hasattr(model, "operations")


def _check_images(name: str, model: keras.Model, image_size: Size) -> None:
    """Raise a ValueError unless a model takes images of a size."""
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    possible = [(None, *image_size, 3), (None, None, None, 3)]
    outputs = len(model.outputs)
    if len(shapes) != 1 or shapes[0] not in possible or outputs != 1:
        raise invalid_model(
            f"a functional model with one input {possible[0]} and one output",
            f"{name!r}, which returns one with inputs {shapes} and {outputs} "
            "output(s)",
        )
