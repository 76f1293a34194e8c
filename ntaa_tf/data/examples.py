"""Decoded examples, in memory or in a mapped file."""

import concurrent.futures
import dataclasses
import errno
import functools
import logging
import os
import pathlib
from collections.abc import Mapping

import numpy as np

from ntaa_tf.data.crops import crop_center
from ntaa_tf.data.decode import RawImage
from ntaa_tf.data.decode import crop
from ntaa_tf.data.decode import resize
from ntaa_tf.data.decode import try_decode
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.image_size import Size

logger = logging.getLogger(__name__)

MEMORY_LIMIT = 4 * 2**30  # bytes of one split's pixels
MAX_BROKEN_SHARE = 0.01
MAX_NAMED = 5  # broken images in an error message
PROGRESS_EVERY = 5000  # images
AUGMENTED = ("train", "target")  # Splits whose batches are cropped at random.


@dataclasses.dataclass(frozen=True)
class Examples:
    """Decoded examples.

    Attributes:
        images: uint8 RGB, shape `(examples, height, width, 3)`, in memory or
            mapped from a file.
        labels: class indices, shape `(examples,)`.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def decode_split(
    name: str,
    split: RawSplit,
    size: Size,
    cache_dir: pathlib.Path | None,
    crops: bool = True,
) -> Examples:
    """Decode every image of a split once, in threads.

    Images that do not decode are dropped, and listed in the log.

    Args:
        name: name of the split, for messages and the cache file.
        split: images and labels.
        size: height and width in pixels of the decoded images.
        cache_dir: directory for pixels that need more than `MEMORY_LIMIT`.
        crops: whether to crop images to the proportions of `size` before they
            are resized; if False, they are stretched.

    Returns:
        The examples in the order of the split.

    Raises:
        ValueError: if more than 1 % of the images do not decode, or the pixels
            exceed `MEMORY_LIMIT` and `cache_dir` is None.
    """
    shape = (len(split), *size, 3)
    images = _allocate(shape, cache_dir and cache_dir / f"{name}.npy")
    labels: list[int] = []
    broken: list[str] = []
    load = functools.partial(_load_resized, size=size, crops=crops)
    for image in split.images[:1]:
        load(image)  # TensorFlow can crash if it is first used in threads.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        decoded = pool.map(load, split.images)
        for index, image in enumerate(decoded):
            if image is None:
                broken.append(split.describe(index))
            else:
                images[len(labels)] = image
                labels.append(split.labels[index])
            if (index + 1) % PROGRESS_EVERY == 0:
                logger.info("%s: decoded %d/%d", name, index + 1, len(split))
    _report_broken(name, broken, len(split))
    return Examples(images[: len(labels)], np.array(labels, np.int64))


def decode_splits(
    splits: Mapping[str, RawSplit],
    size: Size,
    resize: Size | None = None,
    cache_dir: pathlib.Path | None = None,
) -> dict[str, Examples]:
    """Decode every image of all splits once.

    Images are resized to `resize`. Training images keep that size, so that
    batches can crop them at random. All other images are cropped to the
    central `size`.

    Args:
        splits: raw splits by name.
        size: height and width in pixels of the model's input.
        resize: height and width in pixels before cropping; None means `size`.
        cache_dir: directory for pixels that need more than `MEMORY_LIMIT`.

    Returns:
        The examples of each split, in its order.

    Raises:
        ValueError: if `resize` is smaller than `size`, or `decode_split` fails.
    """
    whole = resize or size
    if any(side < kept for side, kept in zip(whole, size, strict=True)):
        raise ValueError(
            "Invalid value for `resize`. Expected at least the size of the "
            f"model's input, {size[0]}x{size[1]} pixels. Received: "
            f"{whole[0]}x{whole[1]} pixels"
        )
    decoded = {
        name: decode_split(name, split, whole, cache_dir)
        for name, split in splits.items()
    }
    return {
        name: examples
        if name in AUGMENTED
        else dataclasses.replace(
            examples, images=crop_center(examples.images, size)
        )
        for name, examples in decoded.items()
    }


def _load_resized(
    image: RawImage, size: Size, crops: bool
) -> np.ndarray | None:
    decoded = try_decode(image)
    if decoded is None:
        return None
    return resize(crop(decoded, size) if crops else decoded, size)


def _allocate(shape: tuple[int, ...], path: pathlib.Path | None) -> np.ndarray:
    size = int(np.prod(shape))
    if size <= MEMORY_LIMIT:
        return np.empty(shape, np.uint8)
    if path is None:
        raise ValueError(
            "Invalid value for `cache_dir`. Expected a directory, because "
            f"{shape[0]} images of {shape[1]}x{shape[2]} pixels take "
            f"{size / 2**30:.1f} GiB, too much for memory. Received: None"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    _reserve(path)
    return pixels


def _reserve(path: pathlib.Path) -> None:
    """Reserve disk space for a mapped file.

    Without it, a full disk kills the process when pixels are written.

    Raises:
        OSError: if the disk is too small or the quota exceeded.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            # Other errors mean that the file system can't reserve space.
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise OSError(error.errno, error.strerror, str(path)) from error


def _report_broken(name: str, broken: list[str], count: int) -> None:
    if not broken:
        return
    if len(broken) > MAX_BROKEN_SHARE * count:
        raise ValueError(
            f"Invalid images in the {name} split: {len(broken)} of {count} do "
            f"not decode; at most {MAX_BROKEN_SHARE:.0%} may. Repair or remove "
            f"them, first {', '.join(broken[:MAX_NAMED])}"
        )
    logger.warning(
        "Dropped %d of %d %s images that do not decode: %s",
        len(broken),
        count,
        name,
        ", ".join(broken),
    )
