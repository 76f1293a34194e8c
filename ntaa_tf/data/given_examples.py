"""Examples that came from Python: arrays, or a `tf.data.Dataset`."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ntaa_tf.data.array_file import Arrays


def read_examples(split: str, data: Any) -> Arrays:
    """Read the examples of a split that came from Python.

    Args:
        split: name of the split, for messages.
        data: a pair of images and labels, or a `tf.data.Dataset` of such
            pairs, with or without batches. Images have values from 0 to 255,
            labels are class indices or one-hot.

    Returns:
        Images, uint8 (examples, height, width, 3), and class indices
        (examples,). The examples of a dataset are in an order of their own,
        which doesn't depend on how it was shuffled.

    Raises:
        ValueError: if the examples have another form.

    Example:
    >>> grey = np.full((2, 4, 4, 1), 250.0)
    >>> images, labels = read_examples("train", (grey, np.eye(2)))
    >>> images.shape, labels.tolist()
    ((2, 4, 4, 3), [0, 1])
    """
    if isinstance(data, str | Path):
        raise ValueError(
            f"`{split}` is a name, but `train` has examples. Give examples of "
            "each split."
        )
    if not isinstance(data, tf.data.Dataset):
        images, labels = (np.asarray(part) for part in data)
        return _check_images(split, images), _check_labels(split, labels)
    images, labels = (np.asarray(part) for part in _collect(split, data))
    images = _check_images(split, images)
    labels = _check_labels(split, labels)
    # A dataset may be shuffled; in this order it is always the same file.
    order = sorted(range(len(images)), key=lambda i: images[i].tobytes())
    return images[order], labels[order]


def _collect(split: str, data: tf.data.Dataset) -> tuple[Any, Any]:
    """Read a dataset of examples, or of batches of them."""
    spec = data.element_spec
    if not (isinstance(spec, tuple) and len(spec) == 2):
        raise ValueError(
            f"Invalid `{split}`. Expected a dataset of pairs (image, label). "
            f"Received: {spec}."
        )
    if data.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(f"`{split}` is endless. Remove `repeat()`.")
    images, labels = [], []
    for image, label in data.as_numpy_iterator():
        is_batch = np.ndim(image) == 4
        images.append(image if is_batch else image[None])
        labels.append(label if is_batch else np.asarray(label)[None])
    if not images:
        raise ValueError(f"`{split}` is an empty dataset.")
    sizes = {image.shape[1:] for image in images}
    if len(sizes) > 1:
        raise ValueError(
            f"The images of `{split}` have several sizes, such as "
            f"{sorted(sizes)[:2]}. Resize them, or give a folder."
        )
    return np.concatenate(images), np.concatenate(labels)


def _check_images(split: str, images: np.ndarray) -> np.ndarray:
    """Return RGB images as uint8."""
    is_image = images.ndim == 4 and images.shape[-1] in (1, 3) and images.size
    if not (is_image and np.issubdtype(images.dtype, np.number)):
        raise ValueError(
            f"Invalid images of `{split}`. Expected the shape (examples, "
            f"height, width, 3). Received: {images.dtype} {images.shape}."
        )
    if images.dtype != np.uint8:
        smallest, largest = images.min(), images.max()
        if not (smallest >= 0 and 1 < largest <= 255):
            raise ValueError(
                f"Invalid images of `{split}`. Expected values from 0 to 255. "
                f"Received: {smallest:.4g} to {largest:.4g}."
            )
        images = np.rint(images).astype(np.uint8)
    return np.repeat(images, 3, -1) if images.shape[-1] == 1 else images


def _check_labels(split: str, labels: np.ndarray) -> np.ndarray:
    """Return class indices; one-hot labels have one column for each class."""
    is_number = np.issubdtype(labels.dtype, np.number)
    if is_number and labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if is_number and labels.ndim == 2 and _are_one_hot(labels):
        labels = labels.argmax(-1)
    is_valid = (
        is_number
        and labels.ndim == 1
        and len(labels) > 0
        and bool(np.all(labels == np.rint(labels)))
        and labels.min() >= 0
    )
    if not is_valid:
        raise ValueError(
            f"Invalid labels of `{split}`. Expected class indices (examples,), "
            f"or one-hot labels. Received: {labels.dtype} {labels.shape}."
        )
    return labels.astype(np.int64)


def _are_one_hot(labels: np.ndarray) -> bool:
    is_binary = np.isin(labels, (0, 1)).all()
    return bool(is_binary and np.all(labels.sum(-1) == 1))


def digest_array(array: np.ndarray) -> bytes:
    """Return a digest of an array's type, shape and values."""
    digest = hashlib.sha256(f"{array.dtype} {array.shape}".encode())
    contiguous: Any = np.ascontiguousarray(array)
    digest.update(contiguous)
    return digest.digest()
