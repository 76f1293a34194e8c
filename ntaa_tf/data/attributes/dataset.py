"""Attribute data sets that are ready for training."""

import dataclasses
import pathlib

from ntaa_tf.data.attributes.holding_out import split_attributes
from ntaa_tf.data.attributes.raw import RawAttributes
from ntaa_tf.data.attributes.table import AttributeTable
from ntaa_tf.data.examples import Examples
from ntaa_tf.data.examples import decode_splits
from ntaa_tf.data.image_dataset import check_size
from ntaa_tf.data.split import limit_splits
from ntaa_tf.image_size import Size


@dataclasses.dataclass(frozen=True)
class AttributeDataset:
    """A decoded data set of image attributes.

    Attributes:
        name: name that the data set was opened by.
        table: the attributes that each label stands for.
        train: training examples.
        validation: examples for all choices during a run.
        test: examples for the final evaluation.
    """

    name: str
    table: AttributeTable
    train: Examples
    validation: Examples
    test: Examples

    @property
    def target(self) -> None:
        """None: attributes have no second domain."""
        return

    @property
    def num_classes(self) -> int:
        """Number of labels, the rows of the table."""
        return len(self.table.rows)

    @property
    def can_mirror(self) -> bool:
        """Whether mirrored images keep their attributes."""
        return True


def prepare_attributes(
    raw: RawAttributes,
    image_size: int | Size,
    validation_share: float = 0.1,
    seed: int = 0,
    train_examples: int | None = None,
    evaluation_examples: int | None = None,
    cache_dir: pathlib.Path | None = None,
    resize: Size | None = None,
) -> AttributeDataset:
    """Split a data set without dividing groups, and decode every image once.

    Args:
        raw: the opened data set.
        image_size: height and width in pixels, or one number for both.
        validation_share: share of the training examples that becomes the
            validation split, if the data set has none.
        seed: seed of splits and subsets; not negative.
        train_examples: size of a training subset; None takes all.
        evaluation_examples: maximum size of each other split, for smoke runs;
            None takes all.
        cache_dir: directory for pixels that need too much memory.
        resize: height and width in pixels before images are cropped to
            `image_size`. Training images stay this large; batches crop them.

    Returns:
        The decoded data set.

    Raises:
        ValueError: if an argument is out of range, there are too few groups,
            or more than 1 % of a split does not decode.
    """
    size = check_size(image_size)
    splits = limit_splits(
        split_attributes(raw, validation_share, seed),
        max(len(attribute.classes) for attribute in raw.table.attributes),
        train_examples,
        evaluation_examples,
        seed,
    )
    decoded = decode_splits(splits, size, resize, cache_dir)
    return AttributeDataset(raw.name, raw.table, **decoded)
