"""Checks of retrieval data sets: errors, and warnings in the log."""

import logging
from typing import Protocol

import numpy as np

from ntaa_tf.data.retrieval.sets import RetrievalSet
from ntaa_tf.data.retrieval.views import DISTRACTOR
from ntaa_tf.data.retrieval.views import JUNK
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews

logger = logging.getLogger(__name__)

MAX_NAMED = 5  # images or identities in a message


class IdentifiedViews(Protocol):
    """Views with identities and cameras, decoded or not."""

    @property
    def identities(self) -> np.ndarray:
        """Identity of each view, shape `(views,)`."""

    @property
    def cameras(self) -> np.ndarray:
        """Camera of each view, shape `(views,)`."""

    def __len__(self) -> int: ...


def check_splits(raw: RawRetrieval) -> None:
    """Check that a data set is fit for training and evaluation.

    Args:
        raw: the raw data set.

    Raises:
        ValueError: if junk or a distractor is outside the gallery, there are
            fewer than two training identities, query or gallery have training
            identities, or no query has a match.
    """
    for split in ("train", "query"):
        if split in raw.splits:
            check_known_identities(
                raw.splits[split], f"{split} split of `{raw.name}`"
            )
    trained = raw.splits["train"].known_identities
    if len(trained) < 2:
        raise ValueError(
            f"Invalid data set `{raw.name}`. Expected at least two identities "
            f"in the train split. Received: {trained.tolist()}"
        )
    for split, views in raw.splits.items():
        shared = np.intersect1d(trained, views.known_identities)
        if split != "train" and len(shared):
            raise ValueError(
                f"Invalid data set `{raw.name}`. Expected no training "
                f"identities in the {split} split. Received: {len(shared)} in "
                f"both, such as {shared[:MAX_NAMED].tolist()}"
            )
    if "query" in raw.splits:
        check_matches(raw.name, raw.splits["query"], raw.splits["gallery"])


def check_matches(
    name: str, query: IdentifiedViews, gallery: IdentifiedViews
) -> None:
    """Check that queries have matches in the gallery.

    If some queries have none, their number is logged as a warning.

    Args:
        name: name of the data set.
        query: views to search for.
        gallery: views to search in.

    Raises:
        ValueError: if no query has a match, a view of the same identity by
            another camera.
    """
    missing = len(query) - len(find_matched(query, gallery))
    if missing == len(query):
        raise ValueError(
            f"Invalid data set `{name}`. Expected queries whose identity is "
            "in the gallery by another camera. Received: none of "
            f"{len(query)} queries"
        )
    if missing:
        logger.warning(
            "`%s`: %d of %d queries have no match by another camera in the "
            "gallery; the evaluation ignores them.",
            *(name, missing, len(query)),
        )


def find_matched(
    query: IdentifiedViews, gallery: IdentifiedViews
) -> np.ndarray:
    """Find the queries whose identity is in the gallery by another camera.

    Args:
        query: views to search for.
        gallery: views to search in.

    Returns:
        The sorted indices of these queries.
    """
    seen = np.unique([gallery.identities, gallery.cameras], axis=1).T
    cameras: dict[int, set[int]] = {}
    for identity, camera in seen.tolist():
        cameras.setdefault(identity, set()).add(camera)
    own = zip(query.identities.tolist(), query.cameras.tolist(), strict=True)
    return np.array(
        [
            index
            for index, (identity, camera) in enumerate(own)
            if cameras.get(identity, set()) - {camera}
        ],
        int,
    )


def check_known_identities(views: RawViews, where: str) -> None:
    """Check that no view is junk or a distractor.

    Args:
        views: training views or queries.
        where: name of the views in the message.

    Raises:
        ValueError: if a view is junk or a distractor.
    """
    unknown = np.flatnonzero(views.identities <= DISTRACTOR)
    if len(unknown):
        first = map(views.describe, unknown[:MAX_NAMED])
        raise ValueError(
            f"Invalid {where}. Expected identities from 1 up. {JUNK} marks "
            f"junk and {DISTRACTOR} distractors, which belong in the gallery "
            f"only. Received: {len(unknown)} images of these, first "
            f"{', '.join(first)}"
        )


def warn_of_counts(raw: RawRetrieval, source: RetrievalSet) -> None:
    """Log a warning for each split that differs from its published size.

    Args:
        raw: the raw data set.
        source: the published facts about the data set.
    """
    for split, official in source.counts.items():
        views = raw.splits[split]
        for unit, expected, received in (
            ("images", official.images, len(views)),
            ("identities", official.identities, len(views.known_identities)),
        ):
            if expected not in (None, received):
                logger.warning(
                    "%s: the %s split of %s has %d %s. Received: %d",
                    raw.name,
                    split,
                    source.title,
                    expected,
                    unit,
                    received,
                )


def warn_of_single_images(raw: RawRetrieval) -> None:
    """Log a warning if training identities have a single image.

    Args:
        raw: the raw data set.
    """
    _, counts = np.unique(raw.splits["train"].identities, return_counts=True)
    if np.any(counts == 1):
        logger.warning(
            "%s: %d of %d training identities have a single image, which is "
            "repeated in batches with several images of an identity",
            raw.name,
            np.sum(counts == 1),
            len(counts),
        )
