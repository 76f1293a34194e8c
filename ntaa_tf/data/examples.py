"""Decoded examples, and how they come out of files."""

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
BROKEN_SHARE = 0.01
BROKEN_NAMED = 5
PROGRESS_EVERY = 5000  # images
LEARNT = ("train", "target")  # Splits of which batches are augmented.


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
    """Decodes every image of a split once, in threads.

    Images that do not decode are dropped, named and counted in the log.

    Args:
        name: what the split is called.
        split: its images and labels.
        size: height and width in pixels that images are resized to.
        cache_dir: where pixels go that are too many for memory.
        crops: whether images are cropped to the shape of `size` first, or
            stretched.

    Returns:
        The examples, in the split's order.

    Raises:
        ValueError: if more than 1 % of the images do not decode, or they are
            too many for memory and there is no `cache_dir`.
    """
    shape = (len(split), *size, 3)
    images = _allocate(shape, cache_dir and cache_dir / f"{name}.npy")
    labels: list[int] = []
    broken: list[str] = []
    load = functools.partial(_load, size=size, crops=crops)
    for image in split.images[:1]:
        load(image)  # TensorFlow can crash if threads make its first step.
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
    """Decodes every image of all splits once.

    Args:
        splits: by their names.
        size: height and width in pixels that models take.
        resize: those that images are resized to. What is learnt from stays as
            large, for crops at random; of the rest the centre is kept. By
            default `size`.
        cache_dir: where pixels go that are too many for memory.

    Returns:
        The examples of each split, as `decode_split` gives them.

    Raises:
        ValueError: if `resize` is smaller than `size`, or as `decode_split`.
    """
    whole = resize or size
    if any(side < kept for side, kept in zip(whole, size, strict=True)):
        raise ValueError(
            "Invalid value for `resize`. Expected at least the "
            f"{size[0]}x{size[1]} pixels that models take. Received: "
            f"{whole[0]}x{whole[1]}"
        )
    decoded = {
        name: decode_split(name, split, whole, cache_dir)
        for name, split in splits.items()
    }
    return {
        name: examples
        if name in LEARNT
        else dataclasses.replace(
            examples, images=crop_center(examples.images, size)
        )
        for name, examples in decoded.items()
    }


def _load(image: RawImage, size: Size, crops: bool) -> np.ndarray | None:
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
            f"{size / 2**30:.1f} GiB. Received: None"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    _reserve(path)
    return pixels


def _reserve(path: pathlib.Path) -> None:
    """Raise an OSError now if the disk can't hold a file that is mapped."""
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            # Other errors are those of file systems that reserve nothing.
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise OSError(error.errno, error.strerror, str(path)) from error


def _report_broken(name: str, broken: list[str], count: int) -> None:
    if not broken:
        return
    named = ", ".join(broken[:BROKEN_NAMED])
    if len(broken) > BROKEN_SHARE * count:
        raise ValueError(
            f"Invalid images in the {name} split. Expected at most "
            f"{BROKEN_SHARE:.0%} that do not decode. Received: {len(broken)} "
            f"of {count}, the first being {named}"
        )
    logger.warning(
        "Dropped %d of %d %s images that do not decode: %s",
        len(broken),
        count,
        name,
        ", ".join(broken),
    )
