"""Checks of the chosen source model before anything is built."""

import difflib

from ntaa_tf.image_size import as_size
from ntaa_tf.zoo import autoreid
from ntaa_tf.zoo import embedded
from ntaa_tf.zoo.applications import APPLICATIONS
from ntaa_tf.zoo.applications import find_file_preprocessing
from ntaa_tf.zoo.builders import find_builder
from ntaa_tf.zoo.builders import is_builder
from ntaa_tf.zoo.choices import check_mode
from ntaa_tf.zoo.choices import check_weights_file
from ntaa_tf.zoo.choices import reject_preprocessing
from ntaa_tf.zoo.choices import reject_weights
from ntaa_tf.zoo.choices import require_mode
from ntaa_tf.zoo.errors import invalid_model
from ntaa_tf.zoo.files import begins_with_rescaling
from ntaa_tf.zoo.files import read_input_size
from ntaa_tf.zoo.hub import find_preset
from ntaa_tf.zoo.hub import is_preset
from ntaa_tf.zoo.networks import NETWORKS
from ntaa_tf.zoo.networks import find_network
from ntaa_tf.zoo.source import SourceInfo


def find_source(
    name: str, weights: str = "imagenet", preprocessing: str | None = None
) -> SourceInfo:
    """Check the choice of a source model without building it.

    Args:
        name: a model of `keras.applications` in lower case, "alexnet",
            "inception_v2", "digits0to4" or "autoreid"; the path of a `.keras`
            file; "hub:" and the name or directory of a preset of KerasHub; or
            "package.module:function", a function that takes the image size
            (height, width) and returns a functional model.
        weights: weights of a named model. A model of `keras.applications`
            takes "imagenet", "none" (random) or the path of an `.h5` file of
            its weights without the classifier. "alexnet", "inception_v2" and
            functions take "none" or a path. Presets take "imagenet" (their
            own weights) or "none".
        preprocessing: "none", "tf", "torch" or "caffe", as in
            `keras.applications`. Functions, presets without an image
            converter, and `.keras` files need it, except for files that begin
            with Rescaling or Normalization. It is known for all other models.

    Returns:
        The facts that `choose_image_size` and `load_source` need.

    Raises:
        ValueError: if the model, the weights or the preprocessing don't exist
            or don't fit together, or if the preprocessing is missing.

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
    if is_preset(name):
        return find_preset(name, weights, preprocessing)
    if is_builder(name):
        return find_builder(name, weights, preprocessing)
    known = [*APPLICATIONS, *NETWORKS, embedded.NAME, autoreid.NAME]
    close = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    raise invalid_model(
        name,
        "is unknown",
        f"Choose one of {', '.join(close or known)}; the path of a `.keras` "
        "file; hub:NAME for a preset of KerasHub; or package.module:function "
        "for a function of your own",
    )


def _find_application(
    name: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    application = APPLICATIONS[name]
    reject_preprocessing(name, preprocessing)
    mode = application.family.preprocessing
    if weights not in ("imagenet", "none"):
        check_weights_file(weights, "imagenet, none")
        mode = find_file_preprocessing(name, weights)
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
    reject_weights(embedded.NAME, weights, "it is trained when it is loaded")
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
        reject_weights(autoreid.NAME, weights, "it has only random weights")
    return SourceInfo(
        name=autoreid.NAME,
        weights="none",
        preprocessing="none",  # `build_autoreid` puts its own in front.
        native_size=autoreid.NATIVE_SIZE,
        minimum_size=autoreid.MINIMUM_SIZE,
        fixed_size=False,
        pretrained=False,
    )


def _find_file(
    path: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    check_mode(preprocessing)
    reject_weights(path, weights, "the file holds its weights")
    size = read_input_size(path)
    if not begins_with_rescaling(path):
        require_mode(
            preprocessing,
            f"the file {path}, whose model does not begin with Rescaling or "
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
