"""Source models from a function of the user: package.module:function."""

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
from ntaa_tf.zoo.errors import summarize
from ntaa_tf.zoo.layer_names import renumber
from ntaa_tf.zoo.source import SourceInfo
from ntaa_tf.zoo.weights import load_weights

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def is_builder(name: str) -> bool:
    """Return whether a model's name has the form package.module:function.

    Example:
    >>> is_builder("package.module:function"), is_builder("vgg16")
    (True, False)
    """
    return _NAME.fullmatch(name) is not None


def find_builder(
    name: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    """Check the choice of a model-building function; see `find_source`.

    Args:
        name: package.module:function. The module is imported, the function is
            not called.
        weights: "none" for the weights that the function returns, or the path
            of a weights file.
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
            f"the builder {name} (none if its model contains its own)",
        ),
        native_size=None,
        minimum_size=1,
        fixed_size=False,
        pretrained=weights != "none",
    )


def load_from_builder(name: str, weights: str, image_size: Size) -> keras.Model:
    """Build a model with the user's function and cut its classifier.

    Args:
        name: package.module:function. The function takes the image size,
            (height, width) in pixels, and returns a functional or Sequential
            model of images (batch, height, width, 3).
        weights: "none" or the path of a weights file.
        image_size: height and width in pixels.

    Returns:
        A flat functional model from the images to the last feature map.

    Raises:
        ValueError: if the function fails, returns something else, or the
            weights don't fit.
    """
    model = _build(name, image_size)
    if weights != "none":
        load_weights(model, weights, f"the model that {name} returns")
    return renumber(cut_to_features(model, image_size, name))


def _import_builder(name: str) -> Callable[[Size], Any]:
    module_name, _, function_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # Importing runs any code of the user.
        raise invalid_model(
            name,
            f"can't be imported: {summarize(error)}",
            "Pass package.module:function, importable from the directory "
            "where the command runs",
        ) from error
    builder = getattr(module, function_name, None)
    if not callable(builder):
        raise invalid_model(
            name,
            f"is no function: {module_name} has none named {function_name!r}",
            "Pass the name of a function of the module",
        )
    return builder


def _build(name: str, image_size: Size) -> keras.Model:
    builder = _import_builder(name)
    try:
        model = builder(image_size)
    except Exception as error:  # The function may raise anything.
        raise invalid_model(
            name,
            f"fails for the image size {image_size}: {summarize(error)}",
            "The function must take (height, width) and return a functional "
            "Keras model",
        ) from error
    if not _is_functional(model):
        raise invalid_model(
            name,
            f"returns a {type(model).__name__}",
            "The function must return a functional Keras model, or a built "
            "Sequential one",
        )
    _check_images(name, model, image_size)
    return model


def _is_functional(model: Any) -> bool:
    """Return whether a model has a graph of layers."""
    is_built = isinstance(model, keras.Model) and model.built
    return is_built and hasattr(model, "operations")


def _check_images(name: str, model: keras.Model, image_size: Size) -> None:
    """Raise a ValueError unless a model takes images of the given size."""
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    possible = [(None, *image_size, 3), (None, None, None, 3)]
    outputs = len(model.outputs)
    if len(shapes) != 1 or shapes[0] not in possible or outputs != 1:
        raise invalid_model(
            name,
            f"returns a model with inputs {shapes} and {outputs} output(s)",
            f"The model must have one input {possible[0]} and one output",
        )
