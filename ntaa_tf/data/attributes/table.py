"""What images show, attribute by attribute, as one table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MISSING = -1


@dataclass(frozen=True)
class Attribute:
    """One thing that images show.

    Args:
        name: such as "age".
        classes: what it may be, in the order of their numbers.
        is_ordinal: whether neighbouring classes are nearly the same.
    """

    name: str
    classes: tuple[str, ...]
    is_ordinal: bool = False


@dataclass(frozen=True)
class AttributeTable:
    """Rows of classes; the label of an image is the number of its row.

    With one label for all attributes, images can be ordered, split and batched
    as those of any classification.

    Args:
        attributes: one for each column.
        rows: numbers of classes (rows, attributes), `MISSING` where an
            attribute is not known.
    """

    attributes: tuple[Attribute, ...]
    rows: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the attributes."""
        return tuple(attribute.name for attribute in self.attributes)

    def encode(self, column: int) -> np.ndarray:
        """Give one-hot rows (rows, classes) of a column; zeros where missing.

        Example:
        >>> shown = Attribute("gender", ("m", "f"))
        >>> table = AttributeTable((shown,), np.array([[1], [MISSING]]))
        >>> table.encode(0).tolist()
        [[0.0, 1.0], [0.0, 0.0]]
        """
        count = len(self.attributes[column].classes)
        # The last row is what -1 takes.
        vectors = np.eye(count + 1, count, dtype="float32")
        return vectors[self.rows[:, column]]


def tabulate(
    attributes: Sequence[Attribute], values: Sequence[Sequence[str | None]]
) -> tuple[AttributeTable, np.ndarray]:
    """Make a table of all that images show.

    Args:
        attributes: one for each column.
        values: for each image its class of each attribute; None where it is
            not known, or no class.

    Returns:
        The table, without rows that occur twice, and for each image the number
        of its row (images,).

    Example:
    >>> shown = [Attribute("age", ("young", "old")), Attribute("hat", ("no",))]
    >>> seen = [("old", "no"), ("young", None), ("old", "no")]
    >>> table, labels = tabulate(shown, seen)
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
