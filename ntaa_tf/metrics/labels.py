"""Whom images show and which camera took them, and what of it counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

JUNK = -1
DISTRACTOR = 0


@dataclass(frozen=True)
class Labels:
    """Whom the images of a query or a gallery show.

    Args:
        identities: shape `(items,)`.
        cameras: shape `(items,)`; None where they do not matter.
    """

    identities: np.ndarray
    cameras: np.ndarray | None

    def __len__(self) -> int:
        return len(self.identities)

    def take(self, rows: np.ndarray) -> "Labels":
        """Give the labels of some images.

        Args:
            rows: which of them, shape `(rows,)`.
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
        """Make labels of what a caller gave.

        Args:
            name: what messages call them.
            identities: as an attribute.
            cameras: as an attribute.

        Returns:
            The labels.

        Raises:
            ValueError: if the identities are no integers, or there are none,
                or the cameras are not as many.

        Example:
        >>> len(Labels.check("gallery", [1, -1], None))
        2
        """
        identities = np.asarray(identities)
        if identities.ndim != 1 or len(identities) == 0:
            raise ValueError(
                f"Invalid value for `{name}_identities`. Expected shape "
                f"(items,), at least one. Received: shape {identities.shape}."
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
                f"Invalid value for `{name}_cameras`. Expected one for each "
                f"identity, shape {identities.shape}. Received: shape "
                f"{cameras.shape}."
            )
        return cls(identities, cameras)


def check_together(query: Labels, gallery: Labels) -> None:
    """Check that queries can be looked for in a gallery.

    Args:
        query: whom to look for.
        gallery: whom there is.

    Raises:
        ValueError: if only one of them has cameras, or theirs can't be equal,
            or a query has an identity that means something else.

    Example:
    >>> labels = Labels.check("query", [1, 0], None)
    >>> check_together(labels, labels)
    Traceback (most recent call last):
    ValueError: Invalid value for `query_identities`. ...
    """
    if (query.cameras is None) != (gallery.cameras is None):
        missing = "query" if query.cameras is None else "gallery"
        raise ValueError(
            f"Invalid value for `{missing}_cameras`. Expected cameras of both "
            "queries and gallery, or None for both, which removes no item for "
            "its camera. Received: None for one of them."
        )
    if query.cameras is not None and gallery.cameras is not None:
        kinds = query.cameras.dtype, gallery.cameras.dtype
        if len({np.issubdtype(kind, np.number) for kind in kinds}) > 1:
            raise ValueError(
                "Invalid value for `gallery_cameras`. Expected what can equal "
                f"the queries' cameras, {kinds[0]}. Received: {kinds[1]}."
            )
    special = np.isin(query.identities, (JUNK, DISTRACTOR))
    if special.any():
        raise ValueError(
            f"Invalid value for `query_identities`. Expected neither {JUNK} "
            f"(junk) nor {DISTRACTOR} (distractors): number the identities "
            f"from 1. Received: {special.sum()} of {len(query)} that are."
        )


def compare_labels(
    query: Labels, rows: slice, gallery: Labels
) -> tuple[np.ndarray, np.ndarray]:
    """Say which gallery items each of some queries should find.

    Args:
        query: all queries.
        rows: which of them.
        gallery: all items.

    Returns:
        Which items are to be found and which are ranked at all, both bool of
        shape `(queries, items)`. Junk is not ranked, nor is a query's own
        identity by its own camera.

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
