"""A retrieval data set as it is found: nothing decoded, nothing renumbered."""

import dataclasses
import functools
import pathlib

import numpy as np

from ntaa_tf.data.raw import measure_sizes

# What stands in place of an identity: a bad detection that evaluation leaves
# out, and one of the background that it counts as a wrong answer.
JUNK = -1
DISTRACTOR = 0


@dataclasses.dataclass(frozen=True)
class RawViews:
    """Images of identities by cameras, side by side.

    Attributes:
        images: files.
        identities: who is seen, int64, shape `(len(images),)`; from 1 up, or
            `JUNK` or `DISTRACTOR`.
        cameras: by which camera, int64, shape `(len(images),)`.
    """

    images: list[pathlib.Path]
    identities: np.ndarray
    cameras: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    @property
    def known_identities(self) -> np.ndarray:
        """The identities once each, in order, without junk and distractors."""
        return np.unique(self.identities[self.identities > DISTRACTOR])

    def take(self, indices: np.ndarray) -> "RawViews":
        """Returns the views with these indices, in this order."""
        images = [self.images[index] for index in indices]
        return RawViews(images, self.identities[indices], self.cameras[indices])

    def describe(self, index: int) -> str:
        """Names one image for a message: its path."""
        return str(self.images[index])


@dataclasses.dataclass(frozen=True)
class RawRetrieval:
    """A retrieval data set as it is found.

    Attributes:
        name: the name it was opened by.
        splits: `"train"` and, where there is something to measure with,
            `"query"` and `"gallery"`; and `"target"`, of another domain.
    """

    name: str
    splits: dict[str, RawViews]

    @property
    def num_classes(self) -> int:
        """Identities to learn from, those that will be held out included."""
        return len(self.splits["train"].known_identities)

    @functools.cached_property
    def image_size(self) -> tuple[int, int]:
        """Typical height and width in pixels: medians of a small sample."""
        sizes = measure_sizes(self.name, self.splits["train"])
        height, width = np.median(sizes, axis=0)
        return int(height), int(width)
