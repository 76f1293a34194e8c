"""Identities as classes, and the identities of several data sets together."""

from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.retrieval.checks import check_known
from ntaa_tf.data.retrieval.views import DISTRACTOR
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews


def index_identities(identities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers identities as a classifier needs them.

    Args:
        identities: of the training views, shape `(views,)`, from 1 up.

    Returns:
        The labels 0, 1, ... of the views, shape `(views,)`, and the identity of
        each label in order, so that `unique[labels]` gives the identities back.

    Raises:
        ValueError: if junk or distractors are among them.

    Example:
    >>> labels, unique = index_identities(np.array([7, 2, 7, 40]))
    >>> labels.tolist(), unique.tolist()
    ([1, 0, 1, 2], [2, 7, 40])
    """
    unique, labels = np.unique(identities, return_inverse=True)
    if np.any(unique <= DISTRACTOR):
        raise ValueError(
            "Invalid value for `identities`. Expected identities from 1 up: "
            "junk and distractors are no classes. Received: "
            f"{unique[unique <= DISTRACTOR].tolist()}"
        )
    return labels, unique


def combine(retrievals: Sequence[RawRetrieval]) -> RawRetrieval:
    """Joins the training views of several data sets; measures on the first.

    The first data set stays as it is, its query and gallery included. The
    training identities of each further one are raised by the greatest identity
    that came before, whether or not they would collide, and its cameras by the
    greatest camera: what two data sets number alike is never the same. Its
    query and gallery are left out.

    Args:
        retrievals: the data sets, in an order that decides the numbers.

    Returns:
        The joined data set; its name is theirs, joined by `+`.

    Raises:
        ValueError: if there is none, or junk or distractors are to be learnt
            from.
    """
    if not retrievals:
        raise ValueError(
            "Invalid value for `retrievals`. Expected at least one data set. "
            "Received: none"
        )
    for raw in retrievals:
        check_known(raw.splits["train"], f"train split of `{raw.name}`")
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
