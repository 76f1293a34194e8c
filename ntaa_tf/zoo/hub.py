"""Source models from presets of KerasHub: hub:NAME."""

import types
from typing import Any

import keras

from ntaa_tf.image_size import Size
from ntaa_tf.zoo.choices import reject_preprocessing
from ntaa_tf.zoo.choices import require_mode
from ntaa_tf.zoo.cutting import cut_to_features
from ntaa_tf.zoo.cutting import takes_rgb
from ntaa_tf.zoo.errors import invalid_model
from ntaa_tf.zoo.errors import reason
from ntaa_tf.zoo.layer_names import renumber
from ntaa_tf.zoo.preprocessing import prepend_rescaling
from ntaa_tf.zoo.source import SourceInfo

_PREFIX = "hub:"


def names_preset(name: str) -> bool:
    """Say whether a model is named as a preset of KerasHub.

    Example:
    >>> names_preset("hub:resnet_18_imagenet"), names_preset("resnet50")
    (True, False)
    """
    return name.startswith(_PREFIX)


def find_preset(
    name: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    """Check the choice of a preset of KerasHub; see `find_source`.

    Args:
        name: hub: and what `keras_hub.models.Backbone.from_preset` takes: the
            name of a preset, or a directory.
        weights: "none", or "imagenet" for the preset's own.
        preprocessing: one of Keras's modes for a preset without an image
            converter, else None.
    """
    if weights not in ("imagenet", "none"):
        raise ValueError(
            f"Invalid value for `weights`. Expected none for {name!r}, to "
            f"begin at random, or nothing for its own. Received: {weights!r}."
        )
    converter = _load_converter(name)
    if converter is None:
        mode = require_mode(
            preprocessing, f"{name}, a preset without an image converter"
        )
    else:
        reject_preprocessing(name, preprocessing)
        mode = "none"  # `load_preset` puts the converter's in front.
    return SourceInfo(
        name=name,
        weights="none" if weights == "none" else "own",
        preprocessing=mode,
        native_size=getattr(converter, "image_size", None),
        minimum_size=1,
        fixed_size=False,
        pretrained=weights != "none",
    )


def load_preset(name: str, weights: str, image_size: Size) -> keras.Model:
    """Load the backbone of a preset, behind what its images go through.

    Args:
        name: hub: and the name of a preset, or a directory.
        weights: "none" or "own".
        image_size: height and width in pixels.

    Returns:
        A flat functional model to the last feature map, from raw images if
        the preset has an image converter. Its scale and offset are taken
        over, its size and way of cropping are not.

    Raises:
        ValueError: if it can't be loaded, or is no backbone for images.
    """
    backbone = _load("models", "Backbone", name, load_weights=weights == "own")
    if not takes_rgb(backbone):
        raise invalid_model(
            "a preset whose backbone has one input (None, height, width, 3) "
            "and one output",
            f"{name!r}, which is a {type(backbone).__name__}",
        )
    features = renumber(cut_to_features(backbone, image_size, name))
    converter = _load_converter(name)
    if converter is None:
        return features
    return prepend_rescaling(features, converter.scale, converter.offset)


def _load_converter(name: str) -> Any:
    """Load the image converter of a preset, None where it has none."""
    try:
        return _load("layers", "ImageConverter", name)
    except ValueError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


def _load(module: str, kind: str, name: str, **options: Any) -> Any:
    """Load one part of a preset, by the class of KerasHub that knows it."""
    parts = getattr(_import_hub(name), module)
    try:
        preset = name.removeprefix(_PREFIX)
        return getattr(parts, kind).from_preset(preset, **options)
    except Exception as error:  # Whatever the network or a directory does.
        raise invalid_model(
            "hub: and the name of a preset of KerasHub that can be loaded, "
            "or its directory",
            f"{name!r}, whose loading fails: {reason(error)}",
        ) from error


def _import_hub(name: str) -> types.ModuleType:
    try:
        import keras_hub
    except ImportError as error:
        raise invalid_model(
            "KerasHub to be installed, for its presets: pip install "
            "ntaa-tf[hub]",
            f"{name!r}, and {reason(error)}",
        ) from error
    return keras_hub
