"""From a retrieval data set as it is found to arrays."""

import dataclasses
import pathlib

import numpy as np

from ntaa_tf.data.examples import Examples
from ntaa_tf.data.examples import decode_split
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.data.retrieval.checks import find_matched
from ntaa_tf.data.retrieval.identities import index_identities
from ntaa_tf.data.retrieval.validation import LEAST
from ntaa_tf.data.retrieval.validation import hold_out
from ntaa_tf.data.retrieval.views import DISTRACTOR
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews
from ntaa_tf.image_size import Size
from ntaa_tf.image_size import as_size


@dataclasses.dataclass(frozen=True)
class Views:
    """Decoded images of identities by cameras.

    Attributes:
        images: uint8 RGB, shape `(views, height, width, 3)`.
        identities: who is seen, shape `(views,)`.
        cameras: by which camera, shape `(views,)`.
    """

    images: np.ndarray
    identities: np.ndarray
    cameras: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


@dataclasses.dataclass(frozen=True)
class Trial:
    """Queries, and the gallery in which they are looked for."""

    query: Views
    gallery: Views


@dataclasses.dataclass(frozen=True)
class RetrievalDataset:
    """A retrieval data set that is ready for training.

    Attributes:
        name: the name it was opened by.
        num_classes: identities that models learn to tell apart.
        train: what models learn from; labels are identities, numbered.
        validation: held out identities, by which choices are made.
        test: what is measured once, at the end.
        target: of another domain, what architectures are judged by; labels
            are its own identities, numbered.
    """

    name: str
    num_classes: int
    train: Examples
    validation: Trial
    test: Trial
    target: Examples | None = None

    @property
    def mirrors(self) -> bool:
        """Whether a mirrored image keeps its identity."""
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
    """Holds identities out, and decodes every image once.

    Images that do not decode are dropped, named and counted in the log.

    Args:
        raw: the data set as it was opened.
        image_size: height and width in pixels, or both in one, to which
            images are stretched.
        validation_share: share of the training identities that is held out.
        seed: decides which; not negative.
        train_examples: identities are taken until they have this many training
            images; None takes all.
        evaluation_examples: the same for validation and test, for smoke runs.
        cache_dir: where pixels go that are too many for memory.

    Returns:
        The splits as arrays.

    Raises:
        ValueError: if an argument is out of range, there is no query or no
            gallery, more than 1 % of a split does not decode, or no query has
            a match that does.
    """
    if "query" not in raw.splits:
        raise ValueError(
            f"Invalid data set `{raw.name}`. Expected queries and a gallery to "
            f"measure with. Received: {list(raw.splits)}"
        )
    train, query, gallery = hold_out(
        raw.splits["train"], validation_share, seed
    )
    size = as_size(image_size)
    train = _limit(train, train_examples, seed)
    trials = {
        "validation": (query, gallery),
        "test": (raw.splits["query"], raw.splits["gallery"]),
    }
    decoded = {
        name: Trial(
            *(
                _decode(f"{name} {part}", views, size, cache_dir)
                for part, views in zip(
                    ("query", "gallery"),
                    _limit_trial(*trial, evaluation_examples, seed),
                    strict=True,
                )
            )
        )
        for name, trial in trials.items()
    }
    for name, trial in decoded.items():
        _check_matched(f"{name} split of `{raw.name}`", trial)
    examples, num_classes = _decode_labelled("train", train, size, cache_dir)
    target = None
    if "target" in raw.splits:
        judging = _leave_out(raw.splits["target"], trials["validation"])
        judging = _limit(judging, evaluation_examples, seed)
        target, _ = _decode_labelled("target", judging, size, cache_dir)
    return RetrievalDataset(
        raw.name, num_classes, examples, **decoded, target=target
    )


def _check_matched(name: str, trial: Trial) -> None:
    if not len(find_matched(trial.query, trial.gallery)):
        raise ValueError(
            f"Invalid {name}. Expected a query whose identity the gallery has "
            "by another camera. Received: none of "
            f"{len(trial.query)} that decode"
        )


def _decode_labelled(
    name: str, views: RawViews, size: Size, cache_dir: pathlib.Path | None
) -> tuple[Examples, int]:
    """Decodes what is learnt from; also gives how many identities it has."""
    decoded = _decode(name, views, size, cache_dir)
    labels, identities = index_identities(decoded.identities)
    return Examples(decoded.images, labels), len(identities)


def _decode(
    name: str, views: RawViews, size: Size, cache_dir: pathlib.Path | None
) -> Views:
    split = RawSplit(views.images, np.arange(len(views)))
    decoded = decode_split(name, split, size, cache_dir, crops=False)
    kept = decoded.labels
    return Views(decoded.images, views.identities[kept], views.cameras[kept])


def _leave_out(views: RawViews, trial: tuple[RawViews, ...]) -> RawViews:
    """Leaves out what is held out, as where a target is a source as well."""
    held_out = {image for part in trial for image in part.images}
    is_kept = [image not in held_out for image in views.images]
    return views.take(np.flatnonzero(is_kept))


def _limit(views: RawViews, count: int | None, seed: int) -> RawViews:
    """Takes whole identities, two at least, until there are so many images."""
    if count is None or count >= len(views):
        return views
    identities = np.random.default_rng(seed).permutation(views.known_identities)
    counts = [np.sum(views.identities == identity) for identity in identities]
    fewest = max(LEAST, 1 + int(np.searchsorted(np.cumsum(counts), count)))
    taken = identities[:fewest]
    return views.take(np.flatnonzero(np.isin(views.identities, taken)))


def _limit_trial(
    query: RawViews, gallery: RawViews, count: int | None, seed: int
) -> tuple[RawViews, RawViews]:
    """Takes the queries of some identities, and what of them there is."""
    if count is None:
        return query, gallery
    query = _limit(query.take(find_matched(query, gallery)), count, seed)
    kept = np.isin(gallery.identities, query.known_identities)
    few = np.flatnonzero(gallery.identities <= DISTRACTOR)[:count]
    kept[few] = True
    return query, gallery.take(np.flatnonzero(kept))
