"""Decode one image of any file format, channel count and size."""

import pathlib

import numpy as np
import tensorflow as tf

from ntaa_tf.image_size import Size

RawImage = pathlib.Path | bytes | np.ndarray

# The formats that `tf.io.decode_image` reads.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"})

BMP_INDEX_BITS = 8


def try_decode(image: RawImage) -> np.ndarray | None:
    """Decode an image to RGB.

    Grey values are repeated, alpha channels are dropped and palettes are
    looked up. An animation becomes its first frame.

    Args:
        image: a file, its encoded bytes, or a uint8 array `(height, width, 3)`.

    Returns:
        A uint8 array `(height, width, 3)`, or None if the image is broken or
        can't be read.
    """
    if isinstance(image, np.ndarray):
        return image
    try:
        encoded = image if isinstance(image, bytes) else image.read_bytes()
        decoded = tf.io.decode_image(
            encoded, channels=3, expand_animations=False
        ).numpy()
        is_indexed = encoded[:2] == b"BM" and encoded[28] == BMP_INDEX_BITS
        return _look_up_bmp(encoded, decoded) if is_indexed else decoded
    except (IndexError, OSError, ValueError, tf.errors.InvalidArgumentError):
        return None


def _look_up_bmp(encoded: bytes, indices: np.ndarray) -> np.ndarray:
    """Replace palette indices, which TensorFlow returns as grey, by colours."""
    # The palette lies between the 14 bytes of the file header plus the image
    # header (its length comes first in it) and the pixels.
    palette_start = 14 + int.from_bytes(encoded[14:18], "little")
    pixels_start = int.from_bytes(encoded[10:14], "little")
    palette = np.frombuffer(encoded[palette_start:pixels_start], np.uint8)
    # Four bytes a colour: blue, green, red, unused.
    red_green_blue = palette.reshape(-1, 4)[:, 2::-1]
    return red_green_blue[indices[..., 0]]


def crop(image: np.ndarray, shape: Size) -> np.ndarray:
    """Crop an image around its centre to a proportion of height and width.

    Args:
        image: uint8, shape `(height, width, 3)`.
        shape: height and width; only their ratio counts.

    Returns:
        The largest central part with that ratio.
    """
    height, width, _ = image.shape
    scale = min(height / shape[0], width / shape[1])
    kept_height, kept_width = (max(1, round(scale * n)) for n in shape)
    top, left = (height - kept_height) // 2, (width - kept_width) // 2
    return image[top : top + kept_height, left : left + kept_width]


def resize(image: np.ndarray, size: Size) -> np.ndarray:
    """Resize an image with antialiasing.

    Args:
        image: uint8, shape `(height, width, 3)`.
        size: height and width of the result in pixels.

    Returns:
        A uint8 array `(height, width, 3)`.
    """
    if image.shape[:2] == size:
        return image
    resized = tf.image.resize(image, size, antialias=True).numpy()
    return np.clip(np.rint(resized), 0, 255).astype(np.uint8)
