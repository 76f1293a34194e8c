"""Check the choice of a source model, before anything is built."""

import difflib
import pathlib

from ntaa_tf.size import as_size
from ntaa_tf.zoo import alexnet
from ntaa_tf.zoo import autoreid
from ntaa_tf.zoo import embedded
from ntaa_tf.zoo.applications import APPLICATIONS
from ntaa_tf.zoo.applications import file_preprocessing
from ntaa_tf.zoo.files import begins_with_rescaling
from ntaa_tf.zoo.files import read_input_size
from ntaa_tf.zoo.preprocessing import FILE_MODES
from ntaa_tf.zoo.source import SourceInfo


def find_source(
    name: str, weights: str = "imagenet", preprocessing: str | None = None
) -> SourceInfo:
    """Check the choice of a source model, without building it.

    Args:
        name: a name of `keras.applications` in lower case, "alexnet",
            "digits0to4", "autoreid", or the path of a `.keras` file.
        weights: for a name of `keras.applications`, "imagenet", "none" or
            the path of an `.h5` file of its weights without the classifier;
            for "alexnet" one of the latter two.
        preprocessing: for a file, one of Keras's modes "none", "tf", "torch"
            and "caffe"; "none" by default if its model begins with Rescaling
            or Normalization. The other models know theirs.

    Returns:
        What `choose_image_size` and `load_source` need.

    Raises:
        ValueError: if there is no such model, file or preprocessing, or a
            file needs to be told its preprocessing.

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
    if name == alexnet.NAME:
        return _find_alexnet(weights, preprocessing)
    if name == autoreid.NAME:
        return _find_cells(weights, preprocessing)
    known = [*APPLICATIONS, alexnet.NAME, embedded.NAME, autoreid.NAME]
    close = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    raise ValueError(
        "Invalid value for `model`. Expected the path of a `.keras` file or "
        f"one of {', '.join(close or known)}. Received: {name!r}."
    )


def _find_application(
    name: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    application = APPLICATIONS[name]
    _reject_preprocessing(name, preprocessing)
    mode = application.family.preprocessing
    if weights not in ("imagenet", "none"):
        _check_weights_file(weights, "imagenet, none")
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


def _find_alexnet(weights: str, preprocessing: str | None) -> SourceInfo:
    _reject_preprocessing(alexnet.NAME, preprocessing)
    if weights == "imagenet":
        raise ValueError(
            "Invalid value for `weights`. Expected the path of a "
            f"`.weights.h5` file for {alexnet.NAME!r}, of which Keras has no "
            "weights, or none to begin at random. Received: 'imagenet'."
        )
    if weights != "none":
        _check_weights_file(weights, "none")
    return SourceInfo(
        name=alexnet.NAME,
        weights=weights,
        preprocessing=alexnet.PREPROCESSING,
        native_size=as_size(alexnet.NATIVE_SIZE),
        minimum_size=alexnet.MINIMUM_SIZE,
        # Trained dense layers are of one size.
        fixed_size=weights != "none",
        pretrained=weights != "none",
    )


def _find_embedded(weights: str, preprocessing: str | None) -> SourceInfo:
    _reject_preprocessing(embedded.NAME, preprocessing)
    _reject_weights(embedded.NAME, weights)
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
    _reject_preprocessing(autoreid.NAME, preprocessing)
    if weights != "none":
        _reject_weights(autoreid.NAME, weights)
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
    if preprocessing not in (None, *FILE_MODES):
        raise ValueError(
            "Invalid value for `preprocessing`. Expected one of "
            f"{', '.join(FILE_MODES)}. Received: {preprocessing!r}."
        )
    _reject_weights(path, weights)
    size = read_input_size(path)
    if preprocessing is None and not begins_with_rescaling(path):
        raise ValueError(
            "Invalid value for `preprocessing`. Expected one of "
            f"{', '.join(FILE_MODES)} for the file {path}, which does not "
            "begin with Rescaling or Normalization: say what its images went "
            "through in training. Received: None."
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


def _reject_preprocessing(name: str, preprocessing: str | None) -> None:
    if preprocessing is not None:
        raise ValueError(
            f"Invalid value for `preprocessing`. Expected none for {name!r}, "
            f"which knows its own. Received: {preprocessing!r}. It is for "
            "`.keras` files; leave it out."
        )


def _reject_weights(name: str, weights: str) -> None:
    if weights != "imagenet":
        raise ValueError(
            f"Invalid value for `weights`. Expected none for {name!r}, which "
            f"brings its own. Received: {weights!r}. Leave it out."
        )


def _check_weights_file(path: str, others: str) -> None:
    if not path.endswith(".h5") or not pathlib.Path(path).is_file():
        raise ValueError(
            f"Invalid value for `weights`. Expected {others} or the path "
            "of an existing `.h5` or `.weights.h5` file. Received: "
            f"{path!r}."
        )
