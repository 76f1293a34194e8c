"""Check the choice of a source model, before anything is built."""

import difflib

from ntaa_tf.image_size import as_size
from ntaa_tf.zoo import autoreid
from ntaa_tf.zoo import embedded
from ntaa_tf.zoo.applications import APPLICATIONS
from ntaa_tf.zoo.applications import file_preprocessing
from ntaa_tf.zoo.builders import find_builder
from ntaa_tf.zoo.builders import names_builder
from ntaa_tf.zoo.choices import check_mode
from ntaa_tf.zoo.choices import check_weights_file
from ntaa_tf.zoo.choices import reject_preprocessing
from ntaa_tf.zoo.choices import reject_weights
from ntaa_tf.zoo.choices import require_mode
from ntaa_tf.zoo.files import begins_with_rescaling
from ntaa_tf.zoo.files import read_input_size
from ntaa_tf.zoo.hub import find_preset
from ntaa_tf.zoo.hub import names_preset
from ntaa_tf.zoo.own import NETWORKS
from ntaa_tf.zoo.own import find_network
from ntaa_tf.zoo.source import SourceInfo


def find_source(
    name: str, weights: str = "imagenet", preprocessing: str | None = None
) -> SourceInfo:
    """Check the choice of a source model, without building it.

    Args:
        name: a name of `keras.applications` in lower case, "alexnet",
            "inception_v2", "digits0to4", "autoreid", the path of a `.keras`
            file, hub: and the name or the directory of a preset of KerasHub,
            or package.module:function: a function that takes the image size,
            (height, width), and returns a functional model.
        weights: for a name of `keras.applications`, "imagenet", "none" or
            the path of an `.h5` file of its weights without the classifier;
            for "alexnet", "inception_v2" and a function one of the latter
            two, where "none" are those that the function gives; for a preset
            one of the first two, where "imagenet" are its own.
        preprocessing: for a file, a function or a preset without an image
            converter, one of Keras's modes "none", "tf", "torch" and "caffe";
            for a file "none" by default if its model begins with Rescaling or
            Normalization. The other models know theirs.

    Returns:
        What `choose_image_size` and `load_source` need.

    Raises:
        ValueError: if there is no such model, file, function or
            preprocessing, or the preprocessing has to be told.

    Example:
    >>> find_source("vgg16", weights="none").preprocessing
    'caffe'
    """
    if name in APPLICATIONS:
        return _find_application(name, weights, preprocessing)
    if name == embedded.NAME:
        return _find_embedded(weights, preprocessing)
    if name.endswith(".keras"):
        return _find_file(name, weights, preprocessing)
    if name in NETWORKS:
        return find_network(name, weights, preprocessing)
    if name == autoreid.NAME:
        return _find_cells(weights, preprocessing)
    if names_preset(name):
        return find_preset(name, weights, preprocessing)
    if names_builder(name):
        return find_builder(name, weights, preprocessing)
    known = [*APPLICATIONS, *NETWORKS, embedded.NAME, autoreid.NAME]
    close = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    raise ValueError(
        "Invalid value for `model`. Expected the path of a `.keras` file, "
        "hub:NAME of a preset, package.module:function or one of "
        f"{', '.join(close or known)}. Received: {name!r}."
    )


def _find_application(
    name: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    application = APPLICATIONS[name]
    reject_preprocessing(name, preprocessing)
    mode = application.family.preprocessing
    if weights not in ("imagenet", "none"):
        check_weights_file(weights, "imagenet, none")
        mode = file_preprocessing(name, weights)
    return SourceInfo(
        name=name,
        weights=weights,
        preprocessing=mode,
        native_size=as_size(application.native_size),
        minimum_size=application.family.minimum_size,
        fixed_size=False,
        pretrained=weights != "none",
    )


def _find_embedded(weights: str, preprocessing: str | None) -> SourceInfo:
    reject_preprocessing(embedded.NAME, preprocessing)
    reject_weights(embedded.NAME, weights)
    return SourceInfo(
        name=embedded.NAME,
        weights="own",
        preprocessing="none",
        native_size=as_size(embedded.NATIVE_SIZE),
        minimum_size=embedded.MINIMUM_SIZE,
        fixed_size=False,
        pretrained=True,
    )


def _find_cells(weights: str, preprocessing: str | None) -> SourceInfo:
    reject_preprocessing(autoreid.NAME, preprocessing)
    if weights != "none":
        reject_weights(autoreid.NAME, weights)
    return SourceInfo(
        name=autoreid.NAME,
        weights="none",
        preprocessing="none",  # The network begins with its own.
        native_size=autoreid.NATIVE_SIZE,
        minimum_size=autoreid.MINIMUM_SIZE,
        fixed_size=False,
        pretrained=False,
    )


def _find_file(
    path: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    check_mode(preprocessing)
    reject_weights(path, weights)
    size = read_input_size(path)
    if not begins_with_rescaling(path):
        require_mode(
            preprocessing,
            f"the file {path}, which does not begin with Rescaling or "
            "Normalization",
        )
    return SourceInfo(
        name=path,
        weights="own",
        preprocessing=preprocessing or "none",
        native_size=size,
        minimum_size=1,
        fixed_size=size is not None,
        pretrained=True,
    )
