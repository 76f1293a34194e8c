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
from ntaa_tf.zoo.errors import summarize
from ntaa_tf.zoo.layer_names import renumber
from ntaa_tf.zoo.preprocessing import prepend_rescaling
from ntaa_tf.zoo.source import SourceInfo

_PREFIX = "hub:"


def is_preset(name: str) -> bool:
    """Return whether a model's name denotes a preset of KerasHub.

    Example:
    >>> is_preset("hub:resnet_18_imagenet"), is_preset("resnet50")
    (True, False)
    """
    return name.startswith(_PREFIX)


def find_preset(
    name: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    """Check the choice of a preset of KerasHub; see `find_source`.

    Args:
        name: "hub:" and an argument of
            `keras_hub.models.Backbone.from_preset`: the name of a preset, or
            a directory.
        weights: "none", or "imagenet" for the preset's own weights.
        preprocessing: one of Keras's modes for a preset without an image
            converter, else None.
    """
    if weights not in ("imagenet", "none"):
        raise ValueError(
            f"Invalid value for `weights`: {weights!r} can't be loaded into "
            f"{name!r}. Pass none for random weights, or remove it for the "
            "preset's own weights."
        )
    converter = _load_converter(name)
    if converter is None:
        mode = require_mode(
            preprocessing, f"{name}, a preset without an image converter"
        )
    else:
        reject_preprocessing(name, preprocessing)
        mode = "none"  # `load_preset` puts the converter's rescaling in front.
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
    """Load the backbone of a preset, with its rescaling in front.

    The scale and offset of the preset's image converter are adopted. Its
    image size and its way of cropping are not.

    Args:
        name: "hub:" and the name of a preset, or a directory.
        weights: "none" or "own".
        image_size: height and width in pixels.

    Returns:
        A flat functional model to the last feature map: from raw images if
        the preset has an image converter, else from preprocessed images.

    Raises:
        ValueError: if the preset can't be loaded, or is no backbone for
            images.
    """
    backbone = _load("models", "Backbone", name, load_weights=weights == "own")
    if not takes_rgb(backbone):
        raise invalid_model(
            name,
            f"is a {type(backbone).__name__}, which is no backbone for images",
            "Choose a preset whose backbone has one input (None, height, "
            "width, 3) and one output",
        )
    features = renumber(cut_to_features(backbone, image_size, name))
    converter = _load_converter(name)
    if converter is None:
        return features
    return prepend_rescaling(features, converter.scale, converter.offset)


def _load_converter(name: str) -> Any:
    """Load the image converter of a preset, or return None if it has none."""
    try:
        return _load("layers", "ImageConverter", name)
    except ValueError as error:
        # KerasHub looks for the converter's file, which is missing then.
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


def _load(module: str, kind: str, name: str, **options: Any) -> Any:
    """Load a part of a preset.

    Args:
        module: submodule of `keras_hub`.
        kind: class in the submodule, such as "Backbone".
        name: "hub:" and the name of a preset, or a directory.
        **options: further arguments of the class's `from_preset`.
    """
    parts = getattr(_import_hub(name), module)
    try:
        preset = name.removeprefix(_PREFIX)
        return getattr(parts, kind).from_preset(preset, **options)
    except Exception as error:  # A download or a directory may raise anything.
        raise invalid_model(
            name,
            f"can't be loaded: {summarize(error)}",
            "Pass hub: and the name of a preset of KerasHub, or the directory "
            "of one",
        ) from error


def _import_hub(name: str) -> types.ModuleType:
    try:
        import keras_hub
    except ImportError as error:
        raise invalid_model(
            name,
            f"needs KerasHub, which can't be imported: {summarize(error)}",
            'Run `pip install "ntaa-tf[hub]"`',
        ) from error
    return keras_hub
