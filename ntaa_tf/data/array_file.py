"""Data sets as arrays in one `.npz` file."""

import pathlib
import zipfile
import zlib
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.storage.files import write_atomically

SPLITS = ("train", "validation", "test")
CLASS_NAMES = "class_names"

# Images uint8 (examples, height, width, 3), and their class indices.
Arrays = tuple[np.ndarray, np.ndarray]


def write_arrays(
    path: pathlib.Path, splits: Mapping[str, Arrays], class_names: Sequence[str]
) -> None:
    """Write a data set into a file for `open_arrays`.

    Args:
        path: the file, which ends in `.npz`.
        splits: images and labels of `train`, and perhaps of `validation` and
            `test`.
        class_names: class names in label order.
    """
    arrays = {CLASS_NAMES: np.array(class_names)}
    for split, (images, labels) in splits.items():
        arrays |= {f"{split}_images": images, f"{split}_labels": labels}
    with write_atomically(path) as unfinished:
        np.savez(unfinished, allow_pickle=False, **arrays)


def open_arrays(name: str, path: pathlib.Path) -> RawDataset:
    """Open a file that `write_arrays` or `numpy.savez` wrote.

    Args:
        name: name of the data set.
        path: a file with `train_images`, uint8 (examples, height, width, 3),
            `train_labels`, class indices (examples,), and perhaps the same of
            `validation` and `test`, and `class_names`.

    Raises:
        ValueError: if the file is missing, or has other arrays.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise ValueError("it holds a single array")
        with loaded:
            arrays = dict(loaded)
    except (
        *(EOFError, OSError, ValueError),
        *(zipfile.BadZipFile, zlib.error),
    ) as error:
        raise ValueError(
            f"Invalid data set `{name}`: {path} can't be read ({error})."
        ) from error
    splits = {
        split: _read_split(name, split, arrays)
        for split in SPLITS
        if f"{split}_images" in arrays
    }
    if "train" not in splits:
        raise ValueError(
            f"Invalid data set `{name}`. Expected the arrays train_images and "
            f"train_labels. Received: {sorted(arrays)}"
        )
    count = 1 + max(int(split.labels.max()) for split in splits.values())
    names = arrays.get(CLASS_NAMES, np.arange(count))
    if len(names) < count:
        raise ValueError(
            f"Invalid data set `{name}`. Expected a class name for each of the "
            f"{count} labels. Received: {len(names)}"
        )
    return RawDataset(name, tuple(map(str, names)), splits)


def _read_split(
    name: str, split: str, arrays: Mapping[str, np.ndarray]
) -> RawSplit:
    images = arrays[f"{split}_images"]
    labels = arrays.get(f"{split}_labels", np.zeros(0))
    if (
        images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[-1] != 3
        or labels.shape != images.shape[:1]
        or not np.issubdtype(labels.dtype, np.integer)
        or not len(labels)
        or labels.min() < 0
    ):
        raise ValueError(
            f"Invalid data set `{name}`. Expected {split}_images, uint8 "
            f"(examples, height, width, 3), and {split}_labels, class indices "
            f"(examples,). Received: {images.dtype} {images.shape}, and "
            f"{labels.dtype} {labels.shape}"
        )
    return RawSplit(images, labels)
