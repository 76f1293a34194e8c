"""Data sets of attributes by name."""

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
    """Opens a data set of attributes; decodes nothing.

    Args:
        name: `adience`, or `folder:PATH` with `PATH/labels.csv`.
        data_dir: of Adience.
        target: the attributes to learn, separated by commas; of Adience `age`,
            `gender` or `both`. All of them when None.
        ordinal: of a folder, the attributes whose classes have an order,
            separated by commas.
        fold: of Adience, the one that is tested on.

    Returns:
        The data set as it is found.

    Raises:
        ValueError: if there is no such data set, or it does not fit.
    """
    if name == NAME:
        return open_adience(data_dir, target or "both", fold)
    if not name.startswith(FOLDER_PREFIX):
        raise ValueError(
            f"Invalid value for `dataset`. Expected {NAME}, or "
            f"{FOLDER_PREFIX}PATH with PATH/{LABELS_FILE}, with "
            f"--task=attributes. Received: {name!r}"
        )
    path = pathlib.Path(name.removeprefix(FOLDER_PREFIX)).expanduser()
    return open_labels_file(
        name,
        path,
        target.split(",") if target else None,
        ordinal.split(",") if ordinal else (),
    )
