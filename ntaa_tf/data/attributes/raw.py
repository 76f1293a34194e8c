"""A data set of attributes as it is found."""

import dataclasses
import functools

import numpy as np

from ntaa_tf.data.attributes.table import AttributeTable
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.data.raw import measure_typical_side


@dataclasses.dataclass(frozen=True)
class RawAttributes:
    """Images, what they show, and which belong together.

    Attributes:
        name: the name it was opened by.
        table: what each label means.
        splits: `"train"` and, where the data set has them, `"validation"` and
            `"test"`; their labels are rows of the table.
        groups: of `"train"`, numbers shared by images that no split may part,
            such as those of one face; shape `(images,)`.
    """

    name: str
    table: AttributeTable
    splits: dict[str, RawSplit]
    groups: np.ndarray

    @property
    def num_classes(self) -> int:
        """Number of labels."""
        return len(self.table.rows)

    @functools.cached_property
    def image_size(self) -> int:
        """Typical shorter side in pixels: the median of a small sample."""
        return measure_typical_side(self.name, self.splits["train"])
