"""A folder of images with their attributes in `labels.csv`."""

import csv
import pathlib
import re
from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.attributes.raw import RawAttributes
from ntaa_tf.data.attributes.table import Attribute
from ntaa_tf.data.attributes.table import build_table
from ntaa_tf.data.raw import RawSplit

LABELS_FILE = "labels.csv"
PATH, SPLIT, GROUP = "path", "split", "group"
# Attributes name layers, and TensorFlow restricts the names of layers.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
IMAGES = "images"  # Reserved: name of the exported model's input.
SPLITS = ("train", "validation", "test")

Row = dict[str, str]


def open_labels_file(
    name: str,
    root: pathlib.Path,
    target: Sequence[str] | None = None,
    ordinal: Sequence[str] = (),
) -> RawAttributes:
    """Open a folder of images with the attributes in its `labels.csv`.

    The file has a column `path`, relative to the folder. An optional column
    `split` is train, validation or test. An optional column `group` is equal
    for images that must stay in one split. All other columns are attributes;
    an empty cell means that the attribute is not known.

    Args:
        name: name of the data set.
        root: the folder.
        target: names of the attributes to learn; None means all.
        ordinal: names of the attributes whose classes have an order, that of
            `order_classes`.

    Returns:
        The raw data set, its images in the order of the file.

    Raises:
        ValueError: if the file, a column or an image is missing, a column or
            an image occurs twice, a split is unknown, a group is in two
            splits, an attribute has fewer than two classes, or `target` or
            `ordinal` has an unknown attribute.
    """
    rows = _read(name, root / LABELS_FILE)
    attributes = _list_attributes(name, rows, target, ordinal)
    names = [attribute.name for attribute in attributes]
    rows = [row for row in rows if any(row[column] for column in names)]
    table, labels = build_table(
        attributes, [[row[column] or None for column in names] for row in rows]
    )
    images = _find_images(name, root, rows)
    splits = np.array([row.get(SPLIT) or "train" for row in rows])
    _check_splits(name, splits)
    # An image without a group is a group of its own.
    group_names = [row.get(GROUP) or row[PATH] for row in rows]
    _check_groups(name, group_names, splits)
    _, groups = np.unique(group_names, return_inverse=True)
    return RawAttributes(
        name,
        table,
        {
            split: RawSplit(
                [images[index] for index in np.flatnonzero(splits == split)],
                labels[splits == split],
            )
            for split in SPLITS
            if np.any(splits == split)
        },
        groups[splits == "train"],
    )


def order_classes(names: Sequence[str]) -> tuple[str, ...]:
    """Return distinct names sorted by the numbers in them, then by text.

    Example:
    >>> order_classes(["(15, 20)", "(4, 6)", "(8, 12)"])
    ('(4, 6)', '(8, 12)', '(15, 20)')
    """

    def key(name: str) -> tuple[list[float], str]:
        found = re.findall(r"\d+(?:\.\d+)?", name)
        return [float(number) for number in found], name

    return tuple(sorted(set(names), key=key))


def _read(name: str, path: pathlib.Path) -> list[Row]:
    if not path.is_file():
        raise ValueError(
            f"Invalid data set `{name}`. Expected a file {LABELS_FILE} with a "
            f"column {PATH} and columns of attributes, such as age. Received: "
            f"{path.parent} without this file"
        )
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        columns = [column.strip() for column in reader.fieldnames or ()]
        if PATH not in columns or len(set(columns)) < len(columns):
            raise ValueError(
                f"Invalid data set `{name}`. Expected a first line of "
                f"different columns, {PATH} among them, in {path}. Received: "
                f"{columns}"
            )
        reader.fieldnames = columns
        rows = [{key: row[key].strip() for key in columns} for row in reader]
    _check_paths(name, [row[PATH] for row in rows])
    return rows


def _check_paths(name: str, paths: Sequence[str]) -> None:
    distinct, counts = np.unique(paths, return_counts=True)
    for path in distinct[counts > 1]:
        raise ValueError(
            f"Invalid data set `{name}`. Expected each image once in "
            f"{LABELS_FILE}. Received: {path} twice"
        )


def _list_attributes(
    name: str,
    rows: Sequence[Row],
    target: Sequence[str] | None,
    ordinal: Sequence[str],
) -> list[Attribute]:
    columns = list(rows[0]) if rows else []
    known = [key for key in columns if key not in (PATH, SPLIT, GROUP)]
    for flag, names in (("target", target or known), ("ordinal", ordinal)):
        if (not names and flag == "target") or set(names) - set(known):
            raise ValueError(
                f"Invalid value for `{flag}`. Expected some of the attributes "
                f"of `{name}`: {known}. Received: {list(names)}"
            )
    wrong = [
        key
        for key in target or known
        if not NAME.fullmatch(key) or key == IMAGES
    ]
    if wrong:
        raise ValueError(
            f"Invalid data set `{name}`. Expected attribute names that begin "
            "with a letter or digit, consist of letters without accents, "
            f"digits, _ and -, and are not `{IMAGES}`. Received: {wrong}"
        )
    attributes = [
        Attribute(
            key,
            order_classes([row[key] for row in rows if row[key]]),
            key in ordinal,
        )
        for key in target or known
    ]
    for attribute in attributes:
        if len(attribute.classes) < 2:
            raise ValueError(
                f"Invalid data set `{name}`. Expected at least two classes of "
                f"`{attribute.name}`. Received: {list(attribute.classes)}"
            )
    return attributes


def _find_images(
    name: str, root: pathlib.Path, rows: Sequence[Row]
) -> list[pathlib.Path]:
    images = [root / row[PATH] for row in rows]
    missing = [image for image in images if not image.is_file()]
    if missing:
        raise ValueError(
            f"Invalid data set `{name}`. Expected every image that "
            f"{LABELS_FILE} lists. Received: {len(missing)} of {len(images)} "
            f"missing, first {missing[0]}"
        )
    return images


def _check_splits(name: str, splits: np.ndarray) -> None:
    found = sorted(set(splits.tolist()))
    if set(found) - set(SPLITS) or "train" not in found:
        raise ValueError(
            f"Invalid data set `{name}`. Expected train and some of the splits "
            f"{SPLITS[1:]} in {LABELS_FILE}. Received: {found}"
        )


def _check_groups(name: str, groups: Sequence[str], splits: np.ndarray) -> None:
    split_of: dict[str, str] = {}
    for group, split in zip(groups, splits.tolist(), strict=True):
        if split_of.setdefault(group, split) != split:
            raise ValueError(
                f"Invalid data set `{name}`. Expected each group in one split. "
                f"Received: {group} in {split_of[group]} and {split}"
            )
