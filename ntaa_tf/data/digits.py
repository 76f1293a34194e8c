"""Handwritten digits that come with scikit-learn; no download."""

from collections.abc import Iterable

import numpy as np
from sklearn import datasets

from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit

MAXIMUM_INTENSITY = 16


def open_digits(name: str, digits: Iterable[int]) -> RawDataset:
    """Open some of the digits as 8x8 RGB images in one training split.

    Args:
        name: name of the data set.
        digits: digits from 0 to 9 to include; they become labels 0, 1, ... in
            this order.

    Returns:
        The raw data set; its class names are the digits.
    """
    digits = list(digits)
    grey, targets = datasets.load_digits(return_X_y=True)
    chosen = np.isin(targets, digits)
    pixels = np.rint(grey[chosen] * (255 / MAXIMUM_INTENSITY))
    images = np.repeat(pixels.reshape(-1, 8, 8, 1).astype(np.uint8), 3, axis=-1)
    label_of = {digit: label for label, digit in enumerate(digits)}
    labels = np.array([label_of[target] for target in targets[chosen]])
    class_names = tuple(str(digit) for digit in digits)
    return RawDataset(name, class_names, {"train": RawSplit(images, labels)})
