"""Models of `keras.applications`, by their names in lower case."""

import dataclasses
import pathlib
import re
from collections.abc import Callable

import keras
from keras import applications

from ntaa_tf.image_size import Size
from ntaa_tf.zoo.layer_names import renumber
from ntaa_tf.zoo.weights import load_weights


@dataclasses.dataclass(frozen=True)
class Family:
    """Properties that the models of one Keras module share.

    Attributes:
        preprocessing: mode of the module's `preprocess_input`; "none" if the
            models contain their preprocessing.
        minimum_size: smallest image size that Keras accepts, in pixels.
        native_size: image size of the ImageNet training, in pixels.
        native_sizes: image sizes of the models that differ from
            `native_size`, by model name.
    """

    preprocessing: str
    minimum_size: int = 32
    native_size: int = 224
    native_sizes: dict[str, int] = dataclasses.field(default_factory=dict)


FAMILIES: dict[str, Family] = {
    "convnext": Family("none"),
    "densenet": Family("torch"),
    "efficientnet": Family(
        "none",
        native_sizes={
            "efficientnetb1": 240,
            "efficientnetb2": 260,
            "efficientnetb3": 300,
            "efficientnetb4": 380,
            "efficientnetb5": 456,
            "efficientnetb6": 528,
            "efficientnetb7": 600,
        },
    ),
    "efficientnet_v2": Family(
        "none",
        native_sizes={
            "efficientnetv2b1": 240,
            "efficientnetv2b2": 260,
            "efficientnetv2b3": 300,
            "efficientnetv2s": 384,
            "efficientnetv2m": 480,
            "efficientnetv2l": 480,
        },
    ),
    "inception_resnet_v2": Family("tf", 75, 299),
    "inception_v3": Family("tf", 75, 299),
    "mobilenet": Family("tf"),
    "mobilenet_v2": Family("tf"),
    "mobilenet_v3": Family("none"),
    "nasnet": Family("tf", native_sizes={"nasnetlarge": 331}),
    "resnet": Family("caffe"),
    "resnet_v2": Family("tf"),
    "vgg16": Family("caffe"),
    "vgg19": Family("caffe"),
    "xception": Family("tf", 71, 299),
}


@dataclasses.dataclass(frozen=True)
class Application:
    """One model of `keras.applications`: its builder and its family."""

    builder: Callable[..., keras.Model]
    family: Family

    @property
    def native_size(self) -> int:
        """Image size of the ImageNet training, in pixels."""
        name = self.builder.__name__.lower()
        return self.family.native_sizes.get(name, self.family.native_size)


def _family_name(builder: Callable[..., keras.Model]) -> str:
    return builder.__module__.rpartition(".")[2]


APPLICATIONS: dict[str, Application] = {
    name.lower(): Application(builder, FAMILIES[_family_name(builder)])
    for name, builder in vars(applications).items()
    if name[0].isupper() and _family_name(builder) in FAMILIES
}


def find_file_preprocessing(name: str, weights: str) -> str:
    """Find the preprocessing mode that a weights file needs.

    Args:
        name: a key of `APPLICATIONS`.
        weights: path of a weights file. A `.weights.h5` file was saved from a
            model that Keras built without weights; any other `.h5` file is
            one that Keras publishes.

    Returns:
        A mode of `ntaa_tf.zoo.preprocessing`.
    """
    family = APPLICATIONS[name].family
    keras_file = not weights.endswith(".weights.h5")
    if family is FAMILIES["efficientnet"] and keras_file:
        return "efficientnet"
    return family.preprocessing


def build_application(name: str, weights: str, image_size: Size) -> keras.Model:
    """Build a model of `keras.applications` without its classifier.

    Args:
        name: a key of `APPLICATIONS`.
        weights: "imagenet", "none" or the path of a weights file.
        image_size: height and width in pixels, at least the family's minimum.

    Returns:
        A functional model from preprocessed images to the last feature map.

    Raises:
        ValueError: if the weights can't be downloaded or don't fit.
    """
    builder = APPLICATIONS[name].builder
    shape = (*image_size, 3)
    if weights == "imagenet":
        model = _download(name, builder, shape)
    else:
        model = builder(include_top=False, weights=None, input_shape=shape)
    if weights not in ("imagenet", "none"):
        owner = f"{name!r} without its classifier (include_top=False)"
        load_weights(model, weights, owner)
    return renumber(model)


def _download(
    name: str,
    builder: Callable[..., keras.Model],
    shape: tuple[int, int, int],
) -> keras.Model:
    try:
        return builder(include_top=False, weights="imagenet", input_shape=shape)
    except Exception as error:  # Keras raises a bare Exception.
        _explain_failed_download(name, error)
        raise


def _explain_failed_download(name: str, error: Exception) -> None:
    """Raise a ValueError with a remedy if `error` is a failed download."""
    url = re.search(r"URL fetch failure on (\S+):", str(error))
    if url is None and not isinstance(error, OSError):
        return
    file = pathlib.PurePosixPath(url[1]).name if url else "the weights file"
    raise ValueError(
        f"The ImageNet weights of {name!r} could not be downloaded: {error}. "
        f"Without a connection, put {file} into Keras's cache ~/.keras/models "
        "($KERAS_HOME/models if KERAS_HOME is set), pass a weights file with "
        "--weights=PATH, or start from random weights with --weights=none."
    ) from error
