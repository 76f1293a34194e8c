"""Identities as class labels, and joined identities of several data sets."""

from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.retrieval.checks import check_known_identities
from ntaa_tf.data.retrieval.views import DISTRACTOR
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews


def index_identities(identities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert identities to class labels.

    Args:
        identities: identity of each training view, from 1 up, shape `(views,)`.

    Returns:
        The label 0, 1, ... of each view, shape `(views,)`, and the identity of
        each label, `unique`, shape `(classes,)`. The identities are
        `unique[labels]`.

    Raises:
        ValueError: if junk or distractors are among the identities.

    Example:
    >>> labels, unique = index_identities(np.array([7, 2, 7, 40]))
    >>> labels.tolist(), unique.tolist()
    ([1, 0, 1, 2], [2, 7, 40])
    """
    unique, labels = np.unique(identities, return_inverse=True)
    if np.any(unique <= DISTRACTOR):
        raise ValueError(
            "Invalid value for `identities`. Expected identities from 1 up, "
            "as junk and distractors are not classes. Received: "
            f"{unique[unique <= DISTRACTOR].tolist()}"
        )
    return labels, unique


def join_training_views(retrievals: Sequence[RawRetrieval]) -> RawRetrieval:
    """Join the training views of several data sets.

    Query and gallery are those of the first data set. Identities and cameras
    of different data sets never coincide: each further data set adds the
    greatest identity so far to its identities, and the greatest camera so far
    to its cameras.

    Args:
        retrievals: raw data sets; their order decides the new numbers.

    Returns:
        The joined raw data set; its name is the names joined by `+`.

    Raises:
        ValueError: if the list is empty, or training views are junk or
            distractors.
    """
    if not retrievals:
        raise ValueError(
            "Invalid value for `retrievals`. Expected at least one data set. "
            "Received: none"
        )
    for raw in retrievals:
        check_known_identities(
            raw.splits["train"], f"train split of `{raw.name}`"
        )
    first = retrievals[0]
    joined, before = first.splits["train"], list(first.splits.values())
    for raw in retrievals[1:]:
        shifted = _shift(raw.splits["train"], before)
        joined = _concatenate(joined, shifted)
        before.append(shifted)
    name = "+".join(raw.name for raw in retrievals)
    return RawRetrieval(name, {**first.splits, "train": joined})


def _shift(views: RawViews, before: list[RawViews]) -> RawViews:
    identity = max(int(np.max(other.identities)) for other in before)
    camera = max(int(np.max(other.cameras)) for other in before)
    return RawViews(
        views.images, views.identities + identity, views.cameras + camera
    )


def _concatenate(first: RawViews, second: RawViews) -> RawViews:
    return RawViews(
        first.images + second.images,
        np.concatenate([first.identities, second.identities]),
        np.concatenate([first.cameras, second.cameras]),
    )
