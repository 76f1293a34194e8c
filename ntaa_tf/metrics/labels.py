"""Identity and camera labels of images, and the matches they define."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

JUNK = -1  # Identity of gallery items that are left out of every ranking.
DISTRACTOR = 0  # Identity of gallery items that match no query.


@dataclass(frozen=True)
class Labels:
    """Labels of queries or of a gallery.

    Args:
        identities: the identity of each image, shape `(items,)`.
        cameras: the camera of each image, shape `(items,)`; None to ignore
            cameras.
    """

    identities: np.ndarray
    cameras: np.ndarray | None

    def __len__(self) -> int:
        return len(self.identities)

    def take(self, rows: np.ndarray) -> "Labels":
        """Select the labels of some images.

        Args:
            rows: indices of the images, shape `(rows,)`.
        """
        cameras = None if self.cameras is None else self.cameras[rows]
        return Labels(self.identities[rows], cameras)

    @classmethod
    def check(
        cls,
        name: str,
        identities: Sequence[int] | np.ndarray,
        cameras: Sequence[int] | np.ndarray | None,
    ) -> "Labels":
        """Check arguments, and convert them to labels.

        Args:
            name: name of the labels in error messages, such as `query`.
            identities: shape `(items,)`.
            cameras: shape `(items,)`, or None.

        Returns:
            The labels.

        Raises:
            ValueError: if the identities are empty or not integers, or if the
                number of cameras differs.

        Example:
        >>> len(Labels.check("gallery", [1, -1], None))
        2
        """
        identities = np.asarray(identities)
        if identities.ndim != 1 or len(identities) == 0:
            raise ValueError(
                f"Invalid value for `{name}_identities`. Expected a list of "
                "at least one identity, shape (items,). Received: shape "
                f"{identities.shape}."
            )
        if identities.dtype.kind not in "iu":
            raise ValueError(
                f"Invalid value for `{name}_identities`. Expected integers. "
                f"Received: {identities.dtype}."
            )
        if cameras is None:
            return cls(identities, None)
        cameras = np.asarray(cameras)
        if cameras.shape != identities.shape:
            raise ValueError(
                f"Invalid value for `{name}_cameras`. Expected one camera for "
                f"each identity, shape {identities.shape}. Received: shape "
                f"{cameras.shape}."
            )
        return cls(identities, cameras)


def check_together(query: Labels, gallery: Labels) -> None:
    """Check that the labels of queries and gallery fit together.

    Args:
        query: labels of the queries.
        gallery: labels of the gallery.

    Raises:
        ValueError: if only one of them has cameras, if the types of their
            cameras differ, or if a query is junk or a distractor.

    Example:
    >>> labels = Labels.check("query", [1, 0], None)
    >>> check_together(labels, labels)
    Traceback (most recent call last):
    ValueError: Invalid value for `query_identities`. ...
    """
    if (query.cameras is None) != (gallery.cameras is None):
        missing = "query" if query.cameras is None else "gallery"
        raise ValueError(
            f"`{missing}_cameras` is missing. Pass the cameras of both queries "
            "and gallery, or None for both, which ignores cameras."
        )
    if query.cameras is not None and gallery.cameras is not None:
        kinds = query.cameras.dtype, gallery.cameras.dtype
        if len({np.issubdtype(kind, np.number) for kind in kinds}) > 1:
            raise ValueError(
                "`gallery_cameras` can't be compared with `query_cameras`. "
                f"Expected the type of the queries' cameras, {kinds[0]}. "
                f"Received: {kinds[1]}."
            )
    special = np.isin(query.identities, (JUNK, DISTRACTOR))
    if special.any():
        raise ValueError(
            f"Invalid value for `query_identities`. {special.sum()} of "
            f"{len(query)} queries are {JUNK} (junk) or {DISTRACTOR} "
            "(distractors), which mark gallery items only. Number the "
            "identities from 1."
        )


def compare_labels(
    query: Labels, rows: slice, gallery: Labels
) -> tuple[np.ndarray, np.ndarray]:
    """Compare some queries with the whole gallery.

    Args:
        query: labels of all queries.
        rows: the queries to compare.
        gallery: labels of all gallery items.

    Returns:
        Which items match, and which items are ranked at all, both bool of
        shape `(queries, items)`. Junk is not ranked, nor are items of the
        query's identity from the query's camera. A match is always ranked.

    Example:
    >>> query = Labels.check("query", [1], [1])
    >>> gallery = Labels.check("gallery", [1, 1, 2, -1], [1, 2, 1, 1])
    >>> matches, ranked = compare_labels(query, slice(1), gallery)
    >>> matches.tolist(), ranked.tolist()
    ([[False, True, False, False]], [[False, True, True, False]])
    """
    same = query.identities[rows, np.newaxis] == gallery.identities
    ranked = np.broadcast_to(gallery.identities != JUNK, same.shape)
    if query.cameras is not None and gallery.cameras is not None:
        own_camera = query.cameras[rows, np.newaxis] == gallery.cameras
        ranked = ranked & ~(same & own_camera)
    return same & ranked, ranked
