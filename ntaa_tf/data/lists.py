"""Splits that text files beside a folder list, as in DomainNet."""

import pathlib

import numpy as np

from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit

SPLITS = ("train", "test")


def find_lists(root: pathlib.Path) -> dict[str, pathlib.Path]:
    """Find `<folder>_train.txt` and `<folder>_test.txt` beside a folder.

    Args:
        root: the folder.

    Returns:
        The existing files by split; empty if there are none.
    """
    root = root.resolve()
    named = {
        split: root.with_name(f"{root.name}_{split}.txt") for split in SPLITS
    }
    return {split: path for split, path in named.items() if path.is_file()}


def open_listed(
    name: str, root: pathlib.Path, lists: dict[str, pathlib.Path]
) -> RawDataset:
    """Open the listed images; each line is `DOMAIN/CLASS/FILE LABEL`.

    Args:
        name: name of the data set.
        root: the folder `DOMAIN`; paths are relative to the folder above it.
        lists: text file of each split; `"train"` is required.

    Returns:
        The raw data set; its class names are the names of the folders in the
        order of their labels.

    Raises:
        ValueError: if the training list or an image is missing, a line has
            another form, labels and classes don't match one to one, or labels
            have gaps.
    """
    if "train" not in lists:
        found = ", ".join(path.name for path in lists.values())
        raise ValueError(
            f"Invalid data set `{name}`. Expected {root.name}_train.txt beside "
            f"{root}. Received: only {found}"
        )
    root = root.resolve()
    read = {
        split: _read_list(name, path, root.name)
        for split, path in lists.items()
    }
    names = _name_classes(
        name, [entry for entries in read.values() for entry in entries]
    )
    splits = {}
    for split, entries in read.items():
        images = [root.parent / path for path, _ in entries]
        missing = next((path for path in images if not path.is_file()), None)
        if missing is not None:
            raise ValueError(
                f"Invalid data set `{name}`. Expected every image that "
                f"{lists[split].name} lists. Received: no file {missing}"
            )
        labels = np.array([label for _, label in entries])
        splits[split] = RawSplit(images, labels)
    return RawDataset(name, names, splits)


def _read_list(
    name: str, path: pathlib.Path, domain: str
) -> list[tuple[pathlib.PurePosixPath, int]]:
    entries = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        # From the right: file names may hold spaces.
        file, _, label = line.strip().rpartition(" ")
        image = pathlib.PurePosixPath(file)
        is_below = len(image.parts) > 2 and image.parts[0] == domain
        if not label.isdecimal() or not is_below:
            raise ValueError(
                f"Invalid data set `{name}`. Expected lines such as "
                f"`{domain}/airplane/000001.jpg 0` in {path}. Received in "
                f"line {number}: {line!r}"
            )
        entries.append((image, int(label)))
    if not entries:
        raise ValueError(
            f"Invalid data set `{name}`. Expected images in {path}. Received: "
            "an empty list"
        )
    return entries


def _name_classes(
    name: str, entries: list[tuple[pathlib.PurePosixPath, int]]
) -> tuple[str, ...]:
    """Return the class names in the order of their labels."""
    pairs = sorted({(label, path.parts[1]) for path, label in entries})
    labels = [label for label, _ in pairs]
    class_names = [class_name for _, class_name in pairs]
    if labels != list(range(len(pairs))) or len(set(class_names)) < len(pairs):
        raise ValueError(
            f"Invalid data set `{name}`. Expected one label for each class, "
            f"numbered from 0 without gaps. Received: {pairs}"
        )
    return tuple(class_names)
