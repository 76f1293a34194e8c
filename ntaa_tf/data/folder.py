"""Image folders: one folder for each class, with or without splits."""

import pathlib

import numpy as np

from ntaa_tf.data.decode import SUFFIXES
from ntaa_tf.data.lists import find_lists
from ntaa_tf.data.lists import open_listed
from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit

SPLIT_FOLDERS = {
    "train": "train",
    "val": "validation",
    "validation": "validation",
    "test": "test",
}


def open_folder(name: str, root: pathlib.Path) -> RawDataset:
    """Open an image folder; decode nothing.

    The layout is `root/train/<class>/...` with splits, or `root/<class>/...`
    without. If `<root>_train.txt` and perhaps `<root>_test.txt` lie beside the
    folder, they list the splits of `root/<class>/...`.

    Images may lie at any depth below their class. Hidden files and other files
    are ignored.

    Args:
        name: name of the data set.
        root: the folder; beside `train` it may hold `validation` (or `val`)
            and `test`.

    Returns:
        The raw data set; its class names are the sorted names of the folders.

    Raises:
        ValueError: if the folder does not exist, has no classes or a class
            without images, if splits differ in their classes, or if a list
            does not match the folder.
    """
    if not root.is_dir():
        raise ValueError(
            f"Invalid data set `{name}`: the folder {root} does not exist in "
            f"{pathlib.Path.cwd()}. Check the path."
        )
    lists = find_lists(root)
    if lists:
        return open_listed(name, root, lists)
    folders = _find_splits(name, root)
    class_names = _list_classes(name, folders["train"])
    for folder in folders.values():
        _check_classes(name, class_names, folder)
    return RawDataset(
        name,
        class_names,
        {
            split: _list_images(name, folder, class_names)
            for split, folder in folders.items()
        },
    )


def _find_splits(name: str, root: pathlib.Path) -> dict[str, pathlib.Path]:
    found = {
        split: root / folder
        for folder, split in SPLIT_FOLDERS.items()
        if (root / folder).is_dir()
    }
    if found and "train" not in found:
        raise ValueError(
            f"Invalid data set `{name}`. Expected a `train` folder beside "
            f"`{next(iter(found.values())).name}`. Received: none in {root}"
        )
    return found or {"train": root}


def _list_classes(name: str, folder: pathlib.Path) -> tuple[str, ...]:
    class_names = tuple(
        sorted(
            entry.name
            for entry in folder.iterdir()
            if entry.is_dir() and not entry.name.startswith(".")
        )
    )
    if not class_names:
        raise ValueError(
            f"Invalid data set `{name}`. Expected one folder for each class. "
            f"Received: {folder}, which has no folders"
        )
    unreadable = [ascii(label) for label in class_names if not _is_text(label)]
    if unreadable:
        raise ValueError(
            f"Invalid data set `{name}`. Expected folder names in UTF-8. "
            f"Received: {', '.join(unreadable)} in {folder}"
        )
    return class_names


def _is_text(label: str) -> bool:
    """Return whether a name from the file system is valid Unicode."""
    try:
        label.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_classes(
    name: str, expected: tuple[str, ...], folder: pathlib.Path
) -> None:
    received = _list_classes(name, folder)
    if received != expected:
        missing = sorted(set(expected) - set(received))
        extra = sorted(set(received) - set(expected))
        raise ValueError(
            f"Invalid data set `{name}`. Expected the same classes in `train` "
            f"and `{folder.name}`. Received: only in `train`: "
            f"{missing}; only in `{folder.name}`: {extra}"
        )


def _list_images(
    name: str, folder: pathlib.Path, class_names: tuple[str, ...]
) -> RawSplit:
    images: list[pathlib.Path] = []
    labels: list[int] = []
    for label, class_name in enumerate(class_names):
        found = _find_images(folder / class_name)
        if not found:
            raise ValueError(
                f"Invalid data set `{name}`. Expected images "
                f"({', '.join(sorted(SUFFIXES))}) in every class. Received: "
                f"empty class folder {folder / class_name}"
            )
        images += found
        labels += [label] * len(found)
    return RawSplit(images, np.array(labels))


def _find_images(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not _is_hidden(path.relative_to(folder))
        and path.is_file()
    )


def _is_hidden(path: pathlib.Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
