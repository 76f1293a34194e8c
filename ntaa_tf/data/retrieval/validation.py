"""A validation set for retrieval: identities that training never sees."""

import numpy as np

from ntaa_tf.data.retrieval.checks import check_known
from ntaa_tf.data.retrieval.views import RawViews
from ntaa_tf.data.split import stratified_order

# One identity can't be mistaken for another, nor told from none.
LEAST = 2


def hold_out(
    train: RawViews, share: float, seed: int
) -> tuple[RawViews, RawViews, RawViews]:
    """Takes identities from the training views to make choices by.

    All views of an identity are held out, or none. Identities that several
    cameras saw and those that one camera saw are held out in proportion. Of
    those that several saw, one view by each camera becomes a query, the others
    the gallery; where that could leave a query without a view of its identity
    by another camera in the gallery, because fewer than two cameras have views
    to spare, one camera's views go to the gallery whole. So each query has a
    match, and each identity that several cameras saw has a query.

    Args:
        train: the training views.
        share: share of the identities, between 0 and 1; at least two are held
            out.
        seed: decides which identities and which queries; not negative.

    Returns:
        What is left to learn from, the queries and the gallery, each in the
        order of `train`.

    Raises:
        ValueError: if the share is out of range or leaves fewer than two
            identities to learn from, there are fewer than four identities, no
            identity was seen by two cameras, or there is junk or a distractor.
    """
    check_known(train, "value for `train`")
    identities = train.known_identities
    count = _count_held(len(identities), share)
    several = _are_seen_by_several(train, identities)
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
            "Invalid value for `share`. Expected a share between 0 and 1. "
            f"Received: {share}"
        )
    if identities < 2 * LEAST:
        raise ValueError(
            f"Invalid value for `train`. Expected at least {2 * LEAST} "
            f"identities, {LEAST} to learn from and {LEAST} to hold out. "
            f"Received: {identities}"
        )
    count = max(LEAST, round(share * identities))
    if identities - count < LEAST:
        raise ValueError(
            f"Invalid value for `share`. Expected a share that leaves {LEAST} "
            f"of {identities} identities to learn from. Received: {share}"
        )
    return count


def _are_seen_by_several(train: RawViews, identities: np.ndarray) -> np.ndarray:
    seen = np.unique([train.identities, train.cameras], axis=1)[0]
    several = np.unique(seen, return_counts=True)[1] > 1
    if not several.any():
        raise ValueError(
            "Invalid value for `train`. Expected identities that two cameras "
            "saw, because a query is looked for in the views of other cameras. "
            f"Received: {len(identities)} identities that one camera saw each"
        )
    return several


def _choose_queries(held: RawViews, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(len(held))
    is_query = np.zeros(len(held), bool)
    for identity in held.known_identities:
        members = order[held.identities[order] == identity]
        is_query[members[_draw_queries(held.cameras[members])]] = True
    return is_query


def _draw_queries(cameras: np.ndarray) -> np.ndarray:
    """Draws from one identity's shuffled views the first by each camera."""
    _, first, counts = np.unique(cameras, return_index=True, return_counts=True)
    if np.sum(counts > 1) >= LEAST:
        return first
    # All views of one camera, which chance decides, stay to be found.
    return np.sort(first)[1:]
