"""From a data set of attributes as it is found to arrays."""

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
    """A data set of attributes that is ready for training.

    Attributes:
        name: the name it was opened by.
        table: what each label means.
        train: what models learn from.
        validation: what choices are made by.
        test: what is measured once, at the end.
    """

    name: str
    table: AttributeTable
    train: Examples
    validation: Examples
    test: Examples

    @property
    def target(self) -> None:
        """Nothing: another domain does not judge attributes."""
        return

    @property
    def num_classes(self) -> int:
        """Number of labels: rows of the table."""
        return len(self.table.rows)

    @property
    def mirrors(self) -> bool:
        """Whether a mirrored image keeps its attributes."""
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
    """Splits a data set, no group of it parted, and decodes it once.

    Args:
        raw: the data set as it was opened.
        image_size: height and width in pixels, or both in one.
        validation_share: share of the training examples that becomes the
            validation split, where there is none.
        seed: decides the splits and subsets; not negative.
        train_examples: size of a training subset; None takes all.
        evaluation_examples: the most examples that validation and test each
            keep, for smoke runs; None keeps all.
        cache_dir: where pixels go that are too many for memory.
        resize: height and width in pixels that images are resized to before
            they are cropped to `image_size`.

    Returns:
        The splits as arrays.

    Raises:
        ValueError: if an argument is out of range, splits can't be taken, or
            more than 1 % of a split does not decode.
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
