"""Decoding one image, whatever its file format, channels and size."""

import pathlib

import numpy as np
import tensorflow as tf

from ntaa_tf.image_size import Size

RawImage = pathlib.Path | bytes | np.ndarray

# The formats that `tf.io.decode_image` reads.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"})

BMP_INDEX_BITS = 8


def try_decode(image: RawImage) -> np.ndarray | None:
    """Decodes an image to RGB.

    Args:
        image: a file, its encoded bytes, or a uint8 array `(height, width, 3)`.
            Grey values are repeated, alpha is dropped, palettes are looked up;
            of an animation the first frame is taken.

    Returns:
        A uint8 array `(height, width, 3)`, or None where the image is broken
        or cannot be read.
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
    """Finishes what TensorFlow leaves undone: it gives indices as grey."""
    palette_start = 14 + int.from_bytes(encoded[14:18], "little")
    pixels_start = int.from_bytes(encoded[10:14], "little")
    palette = np.frombuffer(encoded[palette_start:pixels_start], np.uint8)
    red_green_blue = palette.reshape(-1, 4)[:, 2::-1]
    return red_green_blue[indices[..., 0]]


def crop(image: np.ndarray, shape: Size) -> np.ndarray:
    """Crops an image around its centre to a shape, not to a size.

    Args:
        image: uint8, shape `(height, width, 3)`.
        shape: height and width, of which the proportion counts.

    Returns:
        The largest part of that proportion.
    """
    height, width, _ = image.shape
    scale = min(height / shape[0], width / shape[1])
    kept_height, kept_width = (max(1, round(scale * n)) for n in shape)
    top, left = (height - kept_height) // 2, (width - kept_width) // 2
    return image[top : top + kept_height, left : left + kept_width]


def resize(image: np.ndarray, size: Size) -> np.ndarray:
    """Resizes an image with antialiasing.

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
