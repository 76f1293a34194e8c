"""The parts that data sets of all tasks have in common."""

from typing import Any
from typing import Protocol

from ntaa_tf.data.examples import Examples
from ntaa_tf.image_size import Size


class OpenedDataset(Protocol):
    """A data set that was opened; none of its images is decoded."""

    @property
    def name(self) -> str:
        """Name that it was opened by."""

    @property
    def num_classes(self) -> int:
        """Number of classes, or of training identities."""

    @property
    def image_size(self) -> int | Size:
        """Typical side of its images in pixels, or height and width."""


class Dataset(Protocol):
    """A data set that is decoded and split, ready for training."""

    @property
    def name(self) -> str:
        """Name that it was opened by."""

    @property
    def num_classes(self) -> int:
        """Number of classes, or of training identities."""

    @property
    def can_mirror(self) -> bool:
        """Whether a mirrored image keeps its label."""

    @property
    def train(self) -> Examples:
        """Training examples of the weights."""

    @property
    def target(self) -> Examples | None:
        """Training examples of a target domain, for the logits; or None."""

    @property
    def validation(self) -> Any:
        """Validation split: examples, or queries and a gallery."""

    @property
    def test(self) -> Any:
        """Test split, of the kind of the validation split."""
