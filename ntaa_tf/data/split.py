"""Stratified, seeded splits and subsets; labels decide, nothing is decoded."""

import numpy as np

from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit

TEST_SHARE = 0.2


def stratified_order(labels: np.ndarray, seed: int) -> np.ndarray:
    """Shuffles examples so that every prefix holds the classes in proportion.

    A prefix at least as long as there are classes holds every class, and a
    longer prefix holds every shorter one.

    Args:
        labels: class indices, shape `(examples,)`.
        seed: the order's seed; not negative.

    Returns:
        A permutation of the examples' indices.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    rank = np.empty(len(labels))
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = np.arange(len(members)) / len(members)
    return order[np.argsort(rank[order], kind="stable")]


def halve(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Divides examples into two halves that hold the classes in proportion.

    Args:
        labels: class indices, shape `(examples,)`.
        seed: decides which examples are in which half; not negative.

    Returns:
        The indices of each half, as many in one as in the other.
    """
    order = stratified_order(labels, seed)
    half = len(order) // 2
    return np.sort(order[:half]), np.sort(order[half : 2 * half])


def split_dataset(
    raw: RawDataset, validation_share: float, seed: int
) -> dict[str, RawSplit]:
    """Takes the splits that are missing from the training examples.

    Test comes first, so that it is the same whatever the validation share.

    Args:
        raw: the data set, with or without splits of its own.
        validation_share: share of the training examples, between 0 and 1.
        seed: decides which examples are taken.

    Returns:
        The splits `"train"`, `"validation"` and `"test"`, apart from another.

    Raises:
        ValueError: if the share is out of range, or a class has too few images
            to be in every split.
    """
    check_share(validation_share)
    splits = dict(raw.splits)
    for name, share in (("test", TEST_SHARE), ("validation", validation_share)):
        if name not in splits:
            splits[name], splits["train"] = _take_share(
                raw, splits["train"], share, seed
            )
    return splits


def check_share(validation_share: float) -> None:
    """Raises a ValueError unless a share is between 0 and 1."""
    if not 0 < validation_share < 1:
        raise ValueError(
            "Invalid value for `validation_share`. Expected a share between 0 "
            f"and 1. Received: {validation_share}"
        )


def _take_share(
    raw: RawDataset, train: RawSplit, share: float, seed: int
) -> tuple[RawSplit, RawSplit]:
    classes = np.unique(train.labels)
    count = max(len(classes), round(share * len(train)))
    order = stratified_order(train.labels, seed)
    taken, kept = np.sort(order[:count]), np.sort(order[count:])
    for label in np.setdiff1d(classes, train.labels[kept]):
        raise ValueError(
            f"Invalid data set `{raw.name}`. Expected enough images of every "
            f"class for a training, a validation and a test split. Received: "
            f"{np.sum(raw.splits['train'].labels == label)} of class "
            f"`{raw.class_names[label]}`"
        )
    return train.take(taken), train.take(kept)


def limit_splits(
    splits: dict[str, RawSplit],
    num_classes: int,
    train_examples: int | None,
    evaluation_examples: int | None,
    seed: int,
) -> dict[str, RawSplit]:
    """Keeps a stratified subset of each split.

    Args:
        splits: `"train"`, `"validation"`, `"test"` and, of another domain,
            perhaps `"target"`.
        num_classes: the least number of examples that a subset may have.
        train_examples: size of the training subset; None keeps all.
        evaluation_examples: the most that each of the others keeps; None
            keeps all.
        seed: decides which examples are kept.

    Returns:
        The limited splits.

    Raises:
        ValueError: if a limit is below the number of classes, or there are
            fewer training examples than asked for.
    """
    available = len(splits["train"])
    if train_examples is not None and not (
        num_classes <= train_examples <= available
    ):
        raise ValueError(
            "Invalid value for `train_examples`. Expected a number from "
            f"{num_classes} (the classes) to {available} (the training "
            f"examples). Received: {train_examples}"
        )
    if evaluation_examples is not None and evaluation_examples < num_classes:
        raise ValueError(
            "Invalid value for `evaluation_examples`. Expected at least "
            f"{num_classes}, the number of classes. Received: "
            f"{evaluation_examples}"
        )
    return {
        name: _take_subset(
            split,
            train_examples if name == "train" else evaluation_examples,
            seed,
        )
        for name, split in splits.items()
    }


def _take_subset(split: RawSplit, count: int | None, seed: int) -> RawSplit:
    if count is None or count >= len(split):
        return split
    return split.take(np.sort(stratified_order(split.labels, seed)[:count]))
