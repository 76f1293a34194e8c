"""Crops of images that were decoded larger than the model's input."""

import numpy as np
import tensorflow as tf

from ntaa_tf.image_size import Size


def crop_center(images: np.ndarray, size: Size) -> np.ndarray:
    """Crop images around their centre.

    Args:
        images: shape `(examples, height, width, 3)`.
        size: height and width of the crop in pixels.

    Returns:
        A NumPy view of the images, shape `(examples, *size, 3)`.

    Example:
    >>> crop_center(np.zeros((2, 8, 8, 3)), (4, 6)).shape
    (2, 4, 6, 3)
    """
    top, left = (
        (whole - kept) // 2
        for whole, kept in zip(images.shape[1:3], size, strict=True)
    )
    return images[:, top : top + size[0], left : left + size[1]]


def crop_randomly(images: tf.Tensor, size: Size, key: tf.Tensor) -> tf.Tensor:
    """Crop each image of a batch at its own random position.

    Args:
        images: shape `(batch, height, width, 3)`.
        size: height and width of the crop in pixels.
        key: int64, shape `(2,)`; seed of the positions.

    Returns:
        Images of shape `(batch, *size, 3)`.
    """
    for axis, kept in enumerate(size, start=1):
        starts = tf.random.stateless_uniform(
            (tf.shape(images)[0], 1),
            # Negative: augmentation folds positive numbers into this key.
            tf.random.experimental.stateless_fold_in(key, -axis),
            maxval=images.shape[axis] - kept + 1,
            dtype=tf.int32,
        )
        kept_pixels = starts + tf.range(kept)
        images = tf.gather(images, kept_pixels, axis=axis, batch_dims=1)
    return images
