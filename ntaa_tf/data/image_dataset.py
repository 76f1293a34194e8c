"""Image classification data sets that are ready for training."""

import dataclasses
import pathlib

from ntaa_tf.data.examples import Examples
from ntaa_tf.data.examples import decode_splits
from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.split import limit_splits
from ntaa_tf.data.split import split_dataset
from ntaa_tf.image_size import Size
from ntaa_tf.image_size import as_size


@dataclasses.dataclass(frozen=True)
class ImageDataset:
    """A decoded image classification data set.

    Attributes:
        name: name that the data set was opened by.
        class_names: class names in label order.
        train: training examples.
        validation: examples for all choices during a run.
        test: examples for the final evaluation.
        target: training examples of another domain, which evaluate candidate
            architectures; None without a second domain.
    """

    name: str
    class_names: tuple[str, ...]
    train: Examples
    validation: Examples
    test: Examples
    target: Examples | None = None

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def can_mirror(self) -> bool:
        """Whether mirrored images keep their class; single characters don't."""
        return not all(len(name) == 1 for name in self.class_names)


def prepare_images(
    raw: RawDataset,
    image_size: int | Size,
    validation_share: float = 0.1,
    seed: int = 0,
    train_examples: int | None = None,
    evaluation_examples: int | None = None,
    cache_dir: pathlib.Path | None = None,
    resize: Size | None = None,
) -> ImageDataset:
    """Split a data set, decode every image once and resize it.

    Missing splits are taken from the training examples, stratified by class:
    first 20 % for test, then the validation share of the rest. Images that do
    not decode are dropped, and listed in the log.

    Args:
        raw: the opened data set.
        image_size: height and width in pixels, or one number for both. Images
            are cropped around their centre to its proportions, then resized.
        validation_share: share of the training examples that becomes the
            validation split, if the data set has none.
        seed: seed of splits and subsets; not negative.
        train_examples: size of a stratified training subset; None takes all.
        evaluation_examples: maximum size of each other split, for smoke runs;
            None takes all.
        cache_dir: directory for pixels that need too much memory.
        resize: height and width in pixels before images are cropped to
            `image_size`. Training images stay this large; batches crop them.

    Returns:
        The decoded data set.

    Raises:
        ValueError: if an argument is out of range, a class has too few images,
            or more than 1 % of a split does not decode.

    Example:
    >>> digits = prepare_images(open_dataset("digits"), image_size=32)
    >>> digits.train.images.shape
    (1294, 32, 32, 3)
    """
    size = check_size(image_size)
    splits = limit_splits(
        split_dataset(raw, validation_share, seed),
        len(raw.class_names),
        train_examples,
        evaluation_examples,
        seed,
    )
    decoded = decode_splits(splits, size, resize, cache_dir)
    return ImageDataset(raw.name, raw.class_names, **decoded)


def check_size(image_size: int | Size) -> Size:
    """Return height and width; raise a ValueError if one is below 1 pixel."""
    size = as_size(image_size)
    if min(size) < 1:
        raise ValueError(
            "Invalid value for `image_size`. Expected at least 1 pixel. "
            f"Received: {image_size}"
        )
    return size
