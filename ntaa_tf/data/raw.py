"""A data set as it is found: nothing decoded, nothing resized."""

import dataclasses
import functools
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ntaa_tf.data.decode import RawImage
from ntaa_tf.data.decode import try_decode

SIZE_SAMPLE = 64


@dataclasses.dataclass(frozen=True)
class RawSplit:
    """Images and their labels, side by side.

    Attributes:
        images: files, encoded bytes, or uint8 RGB arrays of any size.
        labels: class indices, shape `(len(images),)`.
    """

    images: Sequence[RawImage] | np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray) -> "RawSplit":
        """Returns the split that holds these examples, in this order."""
        images = [self.images[index] for index in indices]
        return RawSplit(images, self.labels[indices])

    def describe(self, index: int) -> str:
        """Names one image for a message: its path, or its position."""
        image = self.images[index]
        is_file = isinstance(image, pathlib.Path)
        return str(image) if is_file else f"example {index}"


@dataclasses.dataclass(frozen=True)
class RawDataset:
    """A data set as it is found.

    Attributes:
        name: the name it was opened by.
        class_names: the name of each label, in label order.
        splits: `"train"` and, where the data set has them, `"validation"`,
            `"test"`, and `"target"`, of another domain.
    """

    name: str
    class_names: tuple[str, ...]
    splits: dict[str, RawSplit]

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @functools.cached_property
    def image_size(self) -> int:
        """Typical shorter side in pixels: the median of a small sample."""
        return measure_typical_side(self.name, self.splits["train"])


def measure_sizes(name: str, split: Any) -> np.ndarray:
    """Measures a small sample of images.

    Args:
        name: of their data set.
        split: the images, and how each is described.

    Returns:
        Height and width in pixels, shape `(images, 2)`.

    Raises:
        ValueError: if none of them decodes.
    """
    step = max(1, len(split) // SIZE_SAMPLE)
    decoded = [try_decode(image) for image in split.images[::step]]
    sizes = [image.shape[:2] for image in decoded if image is not None]
    if not sizes:
        raise ValueError(
            f"Invalid data set `{name}`. Expected images that decode. "
            f"Received: {len(decoded)} that do not, the first being "
            f"{split.describe(0)}."
        )
    return np.array(sizes)


def measure_typical_side(name: str, split: RawSplit) -> int:
    """Gives the median of the shorter sides of some images, in pixels."""
    return int(np.median(measure_sizes(name, split).min(axis=1)))
