"""Tables of attributes, which give several attributes one label."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MISSING = -1


@dataclass(frozen=True)
class Attribute:
    """An attribute of images, such as age.

    Args:
        name: name of the attribute.
        classes: class names in the order of their indices.
        is_ordinal: whether the classes are ordered, so that neighbouring
            classes are similar.
    """

    name: str
    classes: tuple[str, ...]
    is_ordinal: bool = False


@dataclass(frozen=True)
class AttributeTable:
    """All combinations of attributes; the label of an image is a row number.

    With one label for all attributes, images are split, ordered and batched as
    in ordinary classification.

    Args:
        attributes: the attribute of each column.
        rows: class indices, shape `(rows, attributes)`; `MISSING` where an
            attribute is not known.
    """

    attributes: tuple[Attribute, ...]
    rows: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the attributes."""
        return tuple(attribute.name for attribute in self.attributes)

    def encode(self, column: int) -> np.ndarray:
        """Return one attribute as one-hot vectors, zeros where missing.

        Args:
            column: index of the attribute.

        Returns:
            One vector for each row of the table, shape `(rows, classes)`.

        Example:
        >>> shown = Attribute("gender", ("m", "f"))
        >>> table = AttributeTable((shown,), np.array([[1], [MISSING]]))
        >>> table.encode(0).tolist()
        [[0.0, 1.0], [0.0, 0.0]]
        """
        count = len(self.attributes[column].classes)
        # One row more than classes: index -1 (`MISSING`) selects its zeros.
        vectors = np.eye(count + 1, count, dtype="float32")
        return vectors[self.rows[:, column]]


def build_table(
    attributes: Sequence[Attribute], values: Sequence[Sequence[str | None]]
) -> tuple[AttributeTable, np.ndarray]:
    """Build the table of attributes, and the labels of images in it.

    Args:
        attributes: the attribute of each column.
        values: class names of each image, one for each attribute. None and
            unknown names count as missing.

    Returns:
        The table of distinct rows, and the row number of each image, shape
        `(images,)`.

    Example:
    >>> shown = [Attribute("age", ("young", "old")), Attribute("hat", ("no",))]
    >>> seen = [("old", "no"), ("young", None), ("old", "no")]
    >>> table, labels = build_table(shown, seen)
    >>> table.rows.tolist(), labels.tolist()
    ([[0, -1], [1, 0]], [1, 0, 1])
    """
    numbers = [
        {name: index for index, name in enumerate(attribute.classes)}
        for attribute in attributes
    ]
    columns = range(len(attributes))
    rows = [
        [numbers[column].get(str(row[column]), MISSING) for column in columns]
        for row in values
    ]
    shape = len(values), len(attributes)
    distinct, labels = np.unique(
        np.reshape(np.array(rows, np.int64), shape), axis=0, return_inverse=True
    )
    return AttributeTable(tuple(attributes), distinct), labels.reshape(-1)
