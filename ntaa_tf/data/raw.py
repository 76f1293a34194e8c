"""Raw data sets: opened, but neither decoded nor resized."""

import dataclasses
import functools
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ntaa_tf.data.decode import RawImage
from ntaa_tf.data.decode import try_decode

SIZE_SAMPLE = 64  # images that are decoded to measure the typical size


@dataclasses.dataclass(frozen=True)
class RawSplit:
    """Images and their labels, not decoded.

    Attributes:
        images: files, encoded bytes, or uint8 RGB arrays of any size.
        labels: class indices, shape `(len(images),)`.
    """

    images: Sequence[RawImage] | np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray) -> "RawSplit":
        """Return a split of these examples, in this order."""
        images = [self.images[index] for index in indices]
        return RawSplit(images, self.labels[indices])

    def describe(self, index: int) -> str:
        """Return a name of the image for messages: its path or position."""
        image = self.images[index]
        is_file = isinstance(image, pathlib.Path)
        return str(image) if is_file else f"example {index}"


@dataclasses.dataclass(frozen=True)
class RawDataset:
    """An image classification data set that is not decoded.

    Attributes:
        name: name that the data set was opened by.
        class_names: class names in label order.
        splits: raw splits by name: `"train"`, and optionally `"validation"`,
            `"test"` and `"target"` (training images of another domain).
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
    """Measure the sizes of a small sample of images.

    Args:
        name: name of the data set.
        split: a `RawSplit` or `RawViews`.

    Returns:
        Height and width in pixels, shape `(images, 2)`.

    Raises:
        ValueError: if no image of the sample decodes.
    """
    step = max(1, len(split) // SIZE_SAMPLE)
    decoded = [try_decode(image) for image in split.images[::step]]
    sizes = [image.shape[:2] for image in decoded if image is not None]
    if not sizes:
        raise ValueError(
            f"Invalid data set `{name}`. Expected images that decode. "
            f"Received: {len(decoded)} that do not, first {split.describe(0)}"
        )
    return np.array(sizes)


def measure_typical_side(name: str, split: RawSplit) -> int:
    """Return the median shorter side of a sample of images, in pixels."""
    return int(np.median(measure_sizes(name, split).min(axis=1)))
