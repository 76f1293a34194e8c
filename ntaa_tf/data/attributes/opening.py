"""Attribute data sets by name."""

import pathlib

from ntaa_tf.data.attributes.adience import NAME
from ntaa_tf.data.attributes.adience import open_adience
from ntaa_tf.data.attributes.labels_file import LABELS_FILE
from ntaa_tf.data.attributes.labels_file import open_labels_file
from ntaa_tf.data.attributes.raw import RawAttributes
from ntaa_tf.data.image_sets import FOLDER_PREFIX


def open_attributes(
    name: str,
    data_dir: str | None = None,
    target: str | None = None,
    ordinal: str | None = None,
    fold: int = 0,
) -> RawAttributes:
    """Open a data set of image attributes; decode nothing.

    Args:
        name: `adience`, or `folder:PATH` with `PATH/labels.csv`.
        data_dir: the folder of Adience.
        target: the attributes to learn, separated by commas; for Adience
            `age`, `gender` or `both`. None means all.
        ordinal: the attributes of a folder whose classes have an order,
            separated by commas.
        fold: the test fold of Adience.

    Returns:
        The raw data set.

    Raises:
        ValueError: if the data set is unknown or can't be read.
    """
    if name == NAME:
        return open_adience(data_dir, target or "both", fold)
    if not name.startswith(FOLDER_PREFIX):
        raise ValueError(
            f"Invalid value for `dataset`. Expected {NAME}, or "
            f"{FOLDER_PREFIX}PATH with PATH/{LABELS_FILE}, for "
            f"--task=attributes. Received: {name!r}"
        )
    path = pathlib.Path(name.removeprefix(FOLDER_PREFIX)).expanduser()
    return open_labels_file(
        name,
        path,
        target.split(",") if target else None,
        ordinal.split(",") if ordinal else (),
    )
