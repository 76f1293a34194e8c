"""Raw retrieval data sets: opened, but neither decoded nor renumbered."""

import dataclasses
import functools
import pathlib

import numpy as np

from ntaa_tf.data.raw import measure_sizes

# Special identities: bad detections, which evaluation ignores, and background,
# which counts as a wrong answer.
JUNK = -1
DISTRACTOR = 0


@dataclasses.dataclass(frozen=True)
class RawViews:
    """Views: image files with identities and cameras.

    Attributes:
        images: image files.
        identities: identity of each image, int64, shape `(len(images),)`; from
            1 up, or `JUNK` or `DISTRACTOR`.
        cameras: camera of each image, int64, shape `(len(images),)`.
    """

    images: list[pathlib.Path]
    identities: np.ndarray
    cameras: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    @property
    def known_identities(self) -> np.ndarray:
        """The sorted distinct identities without junk and distractors."""
        return np.unique(self.identities[self.identities > DISTRACTOR])

    def take(self, indices: np.ndarray) -> "RawViews":
        """Return the views with these indices, in this order."""
        images = [self.images[index] for index in indices]
        return RawViews(images, self.identities[indices], self.cameras[indices])

    def describe(self, index: int) -> str:
        """Return a name of the image for messages: its path."""
        return str(self.images[index])


@dataclasses.dataclass(frozen=True)
class RawRetrieval:
    """A retrieval data set that is not decoded.

    Attributes:
        name: name that the data set was opened by.
        splits: views by split: `"train"`, and optionally `"query"` with
            `"gallery"`, and `"target"` (training views of another domain).
    """

    name: str
    splits: dict[str, RawViews]

    @property
    def num_classes(self) -> int:
        """Number of training identities, before any are held out."""
        return len(self.splits["train"].known_identities)

    @functools.cached_property
    def image_size(self) -> tuple[int, int]:
        """Typical height and width in pixels: medians of a small sample."""
        sizes = measure_sizes(self.name, self.splits["train"])
        height, width = np.median(sizes, axis=0)
        return int(height), int(width)
