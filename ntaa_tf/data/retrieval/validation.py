"""Validation splits for retrieval, with identities held out of training."""

import numpy as np

from ntaa_tf.data.retrieval.checks import check_known_identities
from ntaa_tf.data.retrieval.views import RawViews
from ntaa_tf.data.split import stratified_order

MIN_IDENTITIES = 2  # A single identity has no others to be confused with.


def hold_out_identities(
    train: RawViews, share: float, seed: int
) -> tuple[RawViews, RawViews, RawViews]:
    """Hold out identities of the training views as query and gallery.

    All views of an identity are held out, or none. Identities of several
    cameras and identities of one camera are held out in proportion.

    For a held-out identity of several cameras, one view by each camera becomes
    a query and the other views go to the gallery. If fewer than two cameras
    have a second view, all views of one random camera go to the gallery, so
    that every query has a match by another camera. Identities of one camera go
    to the gallery whole.

    Args:
        train: the training views.
        share: share of the identities to hold out, between 0 and 1; at least
            two are held out.
        seed: seed of the identities and queries; not negative.

    Returns:
        The remaining training views, the queries and the gallery, each in the
        order of `train`.

    Raises:
        ValueError: if the share is out of range or leaves fewer than two
            training identities, there are fewer than four identities, no
            identity has views by two cameras, or views are junk or
            distractors.
    """
    # scikit-learn's GroupShuffleSplit holds out identities too, but does not
    # stratify them, and would change the splits of existing runs.
    check_known_identities(train, "value for `train`")
    identities = train.known_identities
    count = _count_held(len(identities), share)
    several = _have_several_cameras(train, identities)
    chosen = identities[stratified_order(several, seed)[:count]]
    is_held = np.isin(train.identities, chosen)
    held = train.take(np.flatnonzero(is_held))
    is_query = _choose_queries(held, seed)
    return (
        train.take(np.flatnonzero(~is_held)),
        held.take(np.flatnonzero(is_query)),
        held.take(np.flatnonzero(~is_query)),
    )


def _count_held(identities: int, share: float) -> int:
    if not 0 < share < 1:
        raise ValueError(
            "Invalid value for `share`. Expected a number between 0 and 1. "
            f"Received: {share}"
        )
    if identities < 2 * MIN_IDENTITIES:
        raise ValueError(
            "Invalid value for `train`. Expected at least "
            f"{2 * MIN_IDENTITIES} identities, {MIN_IDENTITIES} to train on "
            f"and {MIN_IDENTITIES} to hold out. Received: {identities}"
        )
    count = max(MIN_IDENTITIES, round(share * identities))
    if identities - count < MIN_IDENTITIES:
        raise ValueError(
            "Invalid value for `share`. Expected a share that leaves "
            f"{MIN_IDENTITIES} of {identities} identities to train on. "
            f"Received: {share}"
        )
    return count


def _have_several_cameras(
    train: RawViews, identities: np.ndarray
) -> np.ndarray:
    """Return whether each identity has views by several cameras."""
    # Distinct pairs of identity and camera; each identity once per camera.
    seen = np.unique([train.identities, train.cameras], axis=1)[0]
    several = np.unique(seen, return_counts=True)[1] > 1
    if not several.any():
        raise ValueError(
            "Invalid value for `train`. Expected identities with views by two "
            "cameras, because a query is searched in views by other cameras. "
            f"Received: {len(identities)} identities with one camera each"
        )
    return several


def _choose_queries(held: RawViews, seed: int) -> np.ndarray:
    """Return whether each held-out view becomes a query."""
    order = np.random.default_rng(seed).permutation(len(held))
    is_query = np.zeros(len(held), bool)
    for identity in held.known_identities:
        members = order[held.identities[order] == identity]
        is_query[members[_draw_queries(held.cameras[members])]] = True
    return is_query


def _draw_queries(cameras: np.ndarray) -> np.ndarray:
    """Choose the first view by each camera from an identity's shuffled views.

    Args:
        cameras: camera of each view of one identity, in random order.

    Returns:
        The indices of the queries.
    """
    _, first, counts = np.unique(cameras, return_index=True, return_counts=True)
    # If two cameras have a second view in the gallery, every query has a match
    # by a camera other than its own.
    if np.sum(counts > 1) >= 2:
        return first
    # The camera of the first shuffled view, a random one, gives no query: its
    # views in the gallery match all queries. A single camera gives none.
    return np.sort(first)[1:]
