"""What has to hold of a retrieval data set, and what is only worth a word."""

import logging
from typing import Protocol

import numpy as np

from ntaa_tf.data.retrieval.sets import RetrievalSet
from ntaa_tf.data.retrieval.views import DISTRACTOR
from ntaa_tf.data.retrieval.views import JUNK
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews

logger = logging.getLogger(__name__)

NAMED = 5


class Seen(Protocol):
    """Whatever says whom its images show, and by which camera."""

    @property
    def identities(self) -> np.ndarray:
        """Who is seen, shape `(views,)`."""

    @property
    def cameras(self) -> np.ndarray:
        """By which camera, shape `(views,)`."""

    def __len__(self) -> int: ...


def check_splits(raw: RawRetrieval) -> None:
    """Checks that one can learn from the data set and be measured on it.

    Args:
        raw: the data set.

    Raises:
        ValueError: if there is junk or a distractor outside the gallery, there
            are fewer than two identities to learn from, some of them are in
            the query or the gallery too, or no query has a match.
    """
    for split in ("train", "query"):
        if split in raw.splits:
            check_known(raw.splits[split], f"{split} split of `{raw.name}`")
    trained = raw.splits["train"].known_identities
    if len(trained) < 2:
        raise ValueError(
            f"Invalid data set `{raw.name}`. Expected at least two identities "
            f"to learn from. Received: {trained.tolist()}"
        )
    for split, views in raw.splits.items():
        shared = np.intersect1d(trained, views.known_identities)
        if split != "train" and len(shared):
            raise ValueError(
                f"Invalid data set `{raw.name}`. Expected other identities in "
                f"the {split} than in the training split. Received: "
                f"{len(shared)} in both, such as {shared[:NAMED].tolist()}"
            )
    if "query" in raw.splits:
        check_matches(raw.name, raw.splits["query"], raw.splits["gallery"])


def check_matches(name: str, query: Seen, gallery: Seen) -> None:
    """Checks that queries can be found; logs how many can not.

    Args:
        name: of the data set.
        query: what is looked for.
        gallery: where it is looked for.

    Raises:
        ValueError: if no query has a view of its identity by another camera
            in the gallery.
    """
    missing = len(query) - len(find_matched(query, gallery))
    if missing == len(query):
        raise ValueError(
            f"Invalid data set `{name}`. Expected queries whose identity the "
            "gallery has by another camera. Received: none of "
            f"{len(query)} queries"
        )
    if missing:
        logger.warning(
            "`%s`: %d of %d queries have no match by another camera in the "
            "gallery; they do not count.",
            *(name, missing, len(query)),
        )


def find_matched(query: Seen, gallery: Seen) -> np.ndarray:
    """Finds the queries whose identity the gallery has by another camera.

    Args:
        query: what is looked for.
        gallery: where it is looked for.

    Returns:
        Their indices, in order.
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


def check_known(views: RawViews, where: str) -> None:
    """Checks that every view is of a known identity.

    Args:
        views: what is to be learnt from or asked for.
        where: what they are called in the message.

    Raises:
        ValueError: if a view is of junk or of a distractor.
    """
    unknown = np.flatnonzero(views.identities <= DISTRACTOR)
    if len(unknown):
        named = ", ".join(views.describe(index) for index in unknown[:NAMED])
        raise ValueError(
            f"Invalid {where}. Expected identities from 1 up, "
            f"because {JUNK} marks junk and {DISTRACTOR} distractors, which "
            f"only a gallery may hold. Received: {len(unknown)} images of "
            f"others, the first being {named}"
        )


def warn_of_counts(raw: RawRetrieval, source: RetrievalSet) -> None:
    """Logs where a split is not of its official size.

    Args:
        raw: the data set.
        source: what its publishers say of it.
    """
    for split, official in source.counts.items():
        views = raw.splits[split]
        for what, expected, received in (
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
                    what,
                    received,
                )


def warn_of_single_images(raw: RawRetrieval) -> None:
    """Logs how many identities can't be told from two images of theirs.

    Args:
        raw: the data set.
    """
    _, counts = np.unique(raw.splits["train"].identities, return_counts=True)
    if np.any(counts == 1):
        logger.warning(
            "%s: %d of %d training identities have a single image; where a "
            "batch wants more, images are repeated",
            raw.name,
            np.sum(counts == 1),
            len(counts),
        )
