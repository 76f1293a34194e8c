"""From a data set as it is found to arrays: split, decode once, resize."""

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
    """A data set that is ready for training.

    Attributes:
        name: the name it was opened by.
        class_names: the name of each label, in label order.
        train: what models learn from.
        validation: what choices are made by.
        test: what is measured once, at the end.
        target: of another domain, what architectures are judged by.
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
    def mirrors(self) -> bool:
        """Whether a mirrored image keeps its class: not so for characters."""
        return not all(len(name) == 1 for name in self.class_names)


def prepare(
    raw: RawDataset,
    image_size: int | Size,
    validation_share: float = 0.1,
    seed: int = 0,
    train_examples: int | None = None,
    evaluation_examples: int | None = None,
    cache_dir: pathlib.Path | None = None,
    resize: Size | None = None,
) -> ImageDataset:
    """Splits a data set and decodes every image of it once.

    Splits that the data set lacks are taken from its training examples,
    stratified: first 20 % for test, then the validation share of what is left.
    Images that do not decode are dropped, named and counted in the log.

    Args:
        raw: the data set as it was opened.
        image_size: height and width in pixels, or both in one; images are
            cropped around their centre to its shape, then resized.
        validation_share: share of the training examples that becomes the
            validation split, where there is none.
        seed: decides the splits and subsets; not negative.
        train_examples: size of a stratified training subset; None takes all.
        evaluation_examples: the most examples that validation and test each
            keep, for smoke runs; None keeps all.
        cache_dir: where pixels go that are too many for memory.
        resize: height and width in pixels that images are resized to before
            they are cropped to `image_size`; training images are left for
            crops at random.

    Returns:
        The splits as arrays.

    Raises:
        ValueError: if an argument is out of range, a class has too few images,
            or more than 1 % of a split does not decode.

    Example:
    >>> digits = prepare(open_dataset("digits"), image_size=32)
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
    """Gives height and width, or raises a ValueError if there are no pixels."""
    size = as_size(image_size)
    if min(size) < 1:
        raise ValueError(
            "Invalid value for `image_size`. Expected at least 1 pixel. "
            f"Received: {image_size}"
        )
    return size
