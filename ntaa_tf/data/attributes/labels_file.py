"""A folder of images with a table of their labels."""

import csv
import pathlib
import re
from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.attributes.raw import RawAttributes
from ntaa_tf.data.attributes.table import Attribute
from ntaa_tf.data.attributes.table import tabulate
from ntaa_tf.data.raw import RawSplit

LABELS_FILE = "labels.csv"
PATH, SPLIT, GROUP = "path", "split", "group"
# What TensorFlow takes as the name of a layer.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
IMAGES = "images"  # The input of what is exported.
SPLITS = ("train", "validation", "test")

Row = dict[str, str]


def open_labels_file(
    name: str,
    root: pathlib.Path,
    target: Sequence[str] | None = None,
    ordinal: Sequence[str] = (),
) -> RawAttributes:
    """Opens a folder of images that `labels.csv` in it tells the labels of.

    Its columns are `path`, told from the folder; perhaps `split`, one of
    train, validation and test; perhaps `group`, equal for images that no split
    may part; all others are attributes. What is empty is not known.

    Args:
        name: what the data set is called.
        root: the folder.
        target: the attributes to learn; all of them when None.
        ordinal: those whose classes have an order: that of the numbers in
            their names, then of the names.

    Returns:
        The data set, its images in the order of the file.

    Raises:
        ValueError: if there is no such file, it lacks a column or has one
            twice, an image is missing or named twice, a split is unknown, a
            group is in two, an attribute has fewer than two classes, or
            `target` or `ordinal` name none.
    """
    rows = _read(name, root / LABELS_FILE)
    attributes = _list_attributes(name, rows, target, ordinal)
    names = [attribute.name for attribute in attributes]
    rows = [row for row in rows if any(row[column] for column in names)]
    table, labels = tabulate(
        attributes, [[row[column] or None for column in names] for row in rows]
    )
    images = _find_images(name, root, rows)
    splits = np.array([row.get(SPLIT) or "train" for row in rows])
    _check_splits(name, splits)
    named = [row.get(GROUP) or row[PATH] for row in rows]
    _check_groups(name, named, splits)
    _, groups = np.unique(named, return_inverse=True)
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
    """Orders names by the numbers in them, then by their letters.

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
            f"Invalid data set `{name}`. Expected a file {LABELS_FILE} with "
            f"the columns {PATH} and attributes such as age. Received: "
            f"{path.parent}, which has none"
        )
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        columns = [column.strip() for column in reader.fieldnames or ()]
        if PATH not in columns or len(set(columns)) < len(columns):
            raise ValueError(
                f"Invalid data set `{name}`. Expected a first line with "
                f"different columns, {PATH} among them. Received: {columns} in "
                f"{path}"
            )
        reader.fieldnames = columns
        rows = [{key: row[key].strip() for key in columns} for row in reader]
    _check_different(name, [row[PATH] for row in rows])
    return rows


def _check_different(name: str, paths: Sequence[str]) -> None:
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
                f"of `{name}`, {known}. Received: {list(names)}"
            )
    wrong = [
        key
        for key in target or known
        if not NAME.fullmatch(key) or key == IMAGES
    ]
    if wrong:
        raise ValueError(
            f"Invalid data set `{name}`. Expected names of attributes that "
            "are of letters without accents, digits, _ and -, begin with one "
            f"of the first two, and are not `{IMAGES}`. Received: {wrong}"
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
            f"Invalid data set `{name}`. Expected every image of {LABELS_FILE}."
            f" Received: {len(missing)} of {len(images)} missing, the first "
            f"being {missing[0]}"
        )
    return images


def _check_splits(name: str, splits: np.ndarray) -> None:
    found = sorted(set(splits.tolist()))
    if set(found) - set(SPLITS) or "train" not in found:
        raise ValueError(
            f"Invalid data set `{name}`. Expected the splits {SPLITS}, train "
            f"among them. Received: {found}"
        )


def _check_groups(name: str, groups: Sequence[str], splits: np.ndarray) -> None:
    split_of: dict[str, str] = {}
    for group, split in zip(groups, splits.tolist(), strict=True):
        if split_of.setdefault(group, split) != split:
            raise ValueError(
                f"Invalid data set `{name}`. Expected each group in one split. "
                f"Received: {group} in {split_of[group]} and {split}"
            )
