"""Image classification data sets by name."""

import difflib
import functools
import pathlib
from collections.abc import Callable

from ntaa_tf.data import tfds
from ntaa_tf.data.array_file import open_arrays
from ntaa_tf.data.digits import open_digits
from ntaa_tf.data.folder import open_folder
from ntaa_tf.data.raw import RawDataset

FOLDER_PREFIX = "folder:"
ARRAYS_PREFIX = "arrays:"

EMBEDDED: dict[str, Callable[[str], RawDataset]] = {
    "digits": functools.partial(open_digits, digits=range(10)),
    "digits0to4": functools.partial(open_digits, digits=range(5)),
    "digits5to9": functools.partial(open_digits, digits=range(5, 10)),
}


def open_dataset(name: str, data_dir: str | None = None) -> RawDataset:
    """Open an image classification data set; decode nothing.

    Args:
        name: name of the data set, one of
            - `digits`, `digits0to4` or `digits5to9` of scikit-learn;
            - `folder:PATH`, where the folder has images in
              `PATH/train/<class>/...` and perhaps `validation` (or `val`) and
              `test`, or in `PATH/<class>/...`, with splits optionally listed
              in `PATH_train.txt` and `PATH_test.txt`;
            - `arrays:FILE.npz`, see `open_arrays`;
            - an image classification set of tensorflow-datasets.
        data_dir: the directory of prepared tensorflow-datasets.

    Returns:
        The raw data set.

    Raises:
        ValueError: if the data set is unknown or can't be read, or has fewer
            than two classes.

    Example:
    >>> open_dataset("digits5to9").class_names
    ('5', '6', '7', '8', '9')
    """
    raw = _open_by_name(name, data_dir)
    if len(raw.class_names) < 2:
        raise ValueError(
            f"Invalid data set `{name}`. Expected at least two classes. "
            f"Received: {list(raw.class_names)}"
        )
    return raw


def _open_by_name(name: str, data_dir: str | None) -> RawDataset:
    if name in EMBEDDED:
        return EMBEDDED[name](name)
    if name.startswith(FOLDER_PREFIX):
        path = pathlib.Path(name.removeprefix(FOLDER_PREFIX))
        return open_folder(name, path.expanduser())
    if name.startswith(ARRAYS_PREFIX):
        path = pathlib.Path(name.removeprefix(ARRAYS_PREFIX))
        return open_arrays(name, path.expanduser())
    try:
        builder = tfds.find_tfds_builder(name, data_dir)
    except LookupError as error:
        raise ValueError(_describe_unknown(name)) from error
    return tfds.open_tfds(name, builder)


def _describe_unknown(name: str) -> str:
    if name and pathlib.Path(name).expanduser().is_dir():
        return (
            f"There is no data set {name!r}, but a folder. Did you mean "
            f"--dataset={FOLDER_PREFIX}{name}?"
        )
    close = difflib.get_close_matches(name, [*EMBEDDED, *tfds.list_names()])
    suggestion = f" (did you mean {' or '.join(close)}?)" if close else ""
    return (
        f"Invalid value for `dataset`. Expected {', '.join(EMBEDDED)}, "
        f"{FOLDER_PREFIX}PATH, {ARRAYS_PREFIX}FILE.npz, or the name of an "
        "image classification set of tensorflow-datasets. Received: "
        f"{name!r}{suggestion}"
    )
