"""Raw attribute data sets: opened, but not decoded."""

import dataclasses
import functools

import numpy as np

from ntaa_tf.data.attributes.table import AttributeTable
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.data.raw import measure_typical_side


@dataclasses.dataclass(frozen=True)
class RawAttributes:
    """A data set of image attributes that is not decoded.

    Attributes:
        name: name that the data set was opened by.
        table: the attributes that each label stands for.
        splits: raw splits by name: `"train"`, and optionally `"validation"`
            and `"test"`; labels are row numbers of the table.
        groups: group number of each training image, shape `(images,)`. Images
            of a group, such as those of one face, must stay in one split.
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
