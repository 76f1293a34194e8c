"""Stratified, seeded splits and subsets of raw data sets."""

import numpy as np

from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit

TEST_SHARE = 0.2


def stratified_order(labels: np.ndarray, seed: int) -> np.ndarray:
    """Shuffle examples so that every prefix is a stratified sample.

    A prefix has the classes in proportion. It has every class if it is at
    least as long as the number of classes.

    Args:
        labels: class indices, shape `(examples,)`.
        seed: seed of the order; not negative.

    Returns:
        A permutation of the indices, shape `(examples,)`.
    """
    # scikit-learn's StratifiedShuffleSplit can leave small classes out of a
    # split and refuses classes with one example. It would also change the
    # splits of existing runs.
    order = np.random.default_rng(seed).permutation(len(labels))
    rank = np.empty(len(labels))
    for label in np.unique(labels):
        members = order[labels[order] == label]
        # The k-th of n members of a class has rank k / n. Sorting by rank
        # interleaves the classes in proportion, and the first members of all
        # classes (rank 0) come first.
        rank[members] = np.arange(len(members)) / len(members)
    return order[np.argsort(rank[order], kind="stable")]


def halve(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide examples into two stratified halves.

    The halves differ by at most one example in each class, and by at most one
    in all: the odd examples of classes go to the halves in turn.

    Args:
        labels: class indices, shape `(examples,)`.
        seed: seed of the halves; not negative.

    Returns:
        The sorted indices of both halves. If the number of examples is odd,
        the first half has one more.
    """
    # scikit-learn's StratifiedKFold with two folds deals in the same way, but
    # warns of classes with one example, refuses labels that all occur once,
    # and takes no seed from 2**32 on.
    order = np.random.default_rng(seed).permutation(len(labels))
    # Dealt in turn, class by class: a class with an odd number of examples ends
    # with the half that it began with, so the next class begins with the other.
    by_class = order[np.argsort(labels[order], kind="stable")]
    return np.sort(by_class[::2]), np.sort(by_class[1::2])


def hold_out(
    labels: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Divide examples into those to learn from and those held out.

    Classes are held out in proportion. Small classes come last: the first
    examples of each class are learnt from.

    Args:
        labels: class indices, shape `(examples,)`.
        count: number of examples to hold out.
        seed: seed of the division; not negative.

    Returns:
        The sorted indices of both parts.

    Example:
    >>> learnt, held_out = hold_out(np.array([0] * 8 + [1] * 2), 2, seed=0)
    >>> len(learnt), len(held_out)
    (8, 2)
    """
    order = stratified_order(labels, seed)
    first = len(order) - count
    return np.sort(order[:first]), np.sort(order[first:])


def split_dataset(
    raw: RawDataset, validation_share: float, seed: int
) -> dict[str, RawSplit]:
    """Complete the splits of a data set from its training examples.

    The test split is taken first, so it does not depend on the validation
    share.

    Args:
        raw: the data set, with or without splits of its own.
        validation_share: share of the training examples, between 0 and 1.
        seed: seed of the splits; not negative.

    Returns:
        The disjoint splits `"train"`, `"validation"` and `"test"`, and further
        splits of the data set.

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
    """Raise a ValueError unless the share is between 0 and 1."""
    if not 0 < validation_share < 1:
        raise ValueError(
            "Invalid value for `validation_share`. Expected a number between 0 "
            f"and 1. Received: {validation_share}"
        )


def _take_share(
    raw: RawDataset, train: RawSplit, share: float, seed: int
) -> tuple[RawSplit, RawSplit]:
    classes = np.unique(train.labels)
    # At least one example of each class.
    count = max(len(classes), round(share * len(train)))
    order = stratified_order(train.labels, seed)
    taken, kept = np.sort(order[:count]), np.sort(order[count:])
    for label in np.setdiff1d(classes, train.labels[kept]):
        raise ValueError(
            f"Invalid data set `{raw.name}`. Expected enough images of every "
            "class for a training, a validation and a test split. Received: "
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
    """Reduce each split to a stratified subset.

    Args:
        splits: raw splits by name.
        num_classes: number of classes, the minimum size of a subset.
        train_examples: size of the training subset; None keeps all.
        evaluation_examples: maximum size of each other split; None keeps all.
        seed: seed of the subsets; not negative.

    Returns:
        The subsets by name.

    Raises:
        ValueError: if a limit is below the number of classes, or
            `train_examples` exceeds the number of training examples.
    """
    available = len(splits["train"])
    if train_examples is not None and not (
        num_classes <= train_examples <= available
    ):
        raise ValueError(
            f"--train_examples must be from {num_classes}, the number of "
            f"classes, to {available}, the number of training examples. "
            f"Received: {train_examples}."
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
