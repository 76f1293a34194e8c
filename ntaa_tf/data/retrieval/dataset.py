"""Retrieval data sets that are ready for training."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.examples import Examples
from ntaa_tf.data.examples import decode_split
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.data.retrieval.checks import find_matched
from ntaa_tf.data.retrieval.identities import index_identities
from ntaa_tf.data.retrieval.validation import MIN_IDENTITIES
from ntaa_tf.data.retrieval.validation import hold_out_identities
from ntaa_tf.data.retrieval.views import DISTRACTOR
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews
from ntaa_tf.image_size import Size
from ntaa_tf.image_size import as_size


@dataclasses.dataclass(frozen=True)
class Views:
    """Decoded views: images with identities and cameras.

    Attributes:
        images: uint8 RGB, shape `(views, height, width, 3)`.
        identities: identity of each view, shape `(views,)`.
        cameras: camera of each view, shape `(views,)`.
    """

    images: np.ndarray
    identities: np.ndarray
    cameras: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


@dataclasses.dataclass(frozen=True)
class Trial:
    """Queries, and the gallery to search for them."""

    query: Views
    gallery: Views


@dataclasses.dataclass(frozen=True)
class RetrievalDataset:
    """A decoded retrieval data set.

    Attributes:
        name: name that the data set was opened by.
        num_classes: number of training identities.
        train: training examples; labels are identities, numbered from 0.
        validation: held-out identities for all choices during a run.
        test: query and gallery for the final evaluation.
        target: training examples of another domain, which evaluate candidate
            architectures; labels are its own identities, numbered from 0.
    """

    name: str
    num_classes: int
    train: Examples
    validation: Trial
    test: Trial
    target: Examples | None = None

    @property
    def can_mirror(self) -> bool:
        """Whether mirrored images keep their identity."""
        return True


def prepare_retrieval(
    raw: RawRetrieval,
    image_size: int | Size,
    validation_share: float = 0.1,
    seed: int = 0,
    train_examples: int | None = None,
    evaluation_examples: int | None = None,
    cache_dir: pathlib.Path | None = None,
) -> RetrievalDataset:
    """Hold out identities for validation, and decode every image once.

    Images that do not decode are dropped, and listed in the log.

    Args:
        raw: the opened data set.
        image_size: height and width in pixels, or one number for both. Images
            are stretched to it.
        validation_share: share of the training identities to hold out.
        seed: seed of the held-out identities and subsets; not negative.
        train_examples: number of training images; whole identities are taken
            until they have as many. None takes all.
        evaluation_examples: the same for the queries of validation and test
            and for the target, for smoke runs.
        cache_dir: directory for pixels that need too much memory.

    Returns:
        The decoded data set.

    Raises:
        ValueError: if an argument is out of range, query or gallery is
            missing, more than 1 % of a split does not decode, or no decoded
            query has a match.
    """
    if "query" not in raw.splits:
        raise ValueError(
            f"Invalid data set `{raw.name}`. Expected a query and a gallery "
            f"split for evaluation. Received: {list(raw.splits)}"
        )
    train, query, gallery = hold_out_identities(
        raw.splits["train"], validation_share, seed
    )
    trials = {
        "validation": (query, gallery),
        "test": (raw.splits["query"], raw.splits["gallery"]),
    }
    size = as_size(image_size)
    decoded = {
        name: _decode_trial(
            name,
            *_limit_trial(*views, evaluation_examples, seed),
            size,
            cache_dir,
        )
        for name, views in trials.items()
    }
    for name, trial in decoded.items():
        _check_matched(f"{name} split of `{raw.name}`", trial)
    train = _limit(train, train_examples, seed)
    examples, num_classes = _decode_labelled("train", train, size, cache_dir)
    target = None
    if "target" in raw.splits:
        judging = _exclude(raw.splits["target"], (query, gallery))
        judging = _limit(judging, evaluation_examples, seed)
        target, _ = _decode_labelled("target", judging, size, cache_dir)
    return RetrievalDataset(
        raw.name, num_classes, examples, **decoded, target=target
    )


def _decode_trial(
    name: str,
    query: RawViews,
    gallery: RawViews,
    size: Size,
    cache_dir: pathlib.Path | None,
) -> Trial:
    return Trial(
        _decode(f"{name} query", query, size, cache_dir),
        _decode(f"{name} gallery", gallery, size, cache_dir),
    )


def _check_matched(name: str, trial: Trial) -> None:
    if not len(find_matched(trial.query, trial.gallery)):
        raise ValueError(
            f"Invalid {name}. Expected a query whose identity is in the "
            "gallery by another camera. Received: none of "
            f"{len(trial.query)} queries that decode"
        )


def _decode_labelled(
    name: str, views: RawViews, size: Size, cache_dir: pathlib.Path | None
) -> tuple[Examples, int]:
    """Decode training views; return the examples and number of identities."""
    decoded = _decode(name, views, size, cache_dir)
    labels, identities = index_identities(decoded.identities)
    return Examples(decoded.images, labels), len(identities)


def _decode(
    name: str, views: RawViews, size: Size, cache_dir: pathlib.Path | None
) -> Views:
    # Positions as labels show which views did not decode.
    split = RawSplit(views.images, np.arange(len(views)))
    decoded = decode_split(name, split, size, cache_dir, crops=False)
    kept = decoded.labels
    return Views(decoded.images, views.identities[kept], views.cameras[kept])


def _exclude(views: RawViews, held_out: Sequence[RawViews]) -> RawViews:
    """Remove held-out views; a target that is also a source has them."""
    excluded = {image for part in held_out for image in part.images}
    is_kept = [image not in excluded for image in views.images]
    return views.take(np.flatnonzero(is_kept))


def _limit(views: RawViews, count: int | None, seed: int) -> RawViews:
    """Keep random whole identities, at least two, up to so many images."""
    if count is None or count >= len(views):
        return views
    identities = np.random.default_rng(seed).permutation(views.known_identities)
    counts = [np.sum(views.identities == identity) for identity in identities]
    # The smallest number of identities that have `count` images or more.
    enough = 1 + int(np.searchsorted(np.cumsum(counts), count))
    taken = identities[: max(MIN_IDENTITIES, enough)]
    return views.take(np.flatnonzero(np.isin(views.identities, taken)))


def _limit_trial(
    query: RawViews, gallery: RawViews, count: int | None, seed: int
) -> tuple[RawViews, RawViews]:
    """Keep queries of some identities, and their views in the gallery.

    The gallery also keeps up to `count` images of junk and distractors.
    """
    if count is None:
        return query, gallery
    query = _limit(query.take(find_matched(query, gallery)), count, seed)
    kept = np.isin(gallery.identities, query.known_identities)
    kept[np.flatnonzero(gallery.identities <= DISTRACTOR)[:count]] = True
    return query, gallery.take(np.flatnonzero(kept))
