"""Parts of a training split that share no group with the rest."""

import numpy as np

from ntaa_tf.data.attributes.raw import RawAttributes
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.data.split import TEST_SHARE
from ntaa_tf.data.split import check_share
from ntaa_tf.data.split import stratified_order


def split_attributes(
    raw: RawAttributes, validation_share: float, seed: int
) -> dict[str, RawSplit]:
    """Takes the splits that are missing from the training examples.

    Test comes first, so that it is the same whatever the validation share. No
    group is parted.

    Args:
        raw: the data set, with or without splits of its own.
        validation_share: share of the training examples, between 0 and 1.
        seed: decides which examples are taken; not negative.

    Returns:
        The splits `"train"`, `"validation"` and `"test"`.

    Raises:
        ValueError: if the share is out of range, there are too few groups, or
            a class of an attribute is not among what is left to train on.
    """
    check_share(validation_share)
    splits, groups = dict(raw.splits), raw.groups
    for name, share in (("test", TEST_SHARE), ("validation", validation_share)):
        if name not in splits:
            train = splits["train"]
            taken = hold_out(train.labels, groups, share, seed)
            splits[name] = train.take(np.flatnonzero(taken))
            splits["train"] = train.take(np.flatnonzero(~taken))
            groups = groups[~taken]
    _check_classes(raw, splits["train"])
    return splits


def hold_out(
    labels: np.ndarray, groups: np.ndarray, share: float, seed: int
) -> np.ndarray:
    """Chooses whole groups that hold about a share of all examples.

    Args:
        labels: of the examples `(examples,)`; groups are taken so that the
            labels of their first examples are in proportion.
        groups: numbers `(examples,)`.
        share: of the examples, between 0 and 1.
        seed: decides which; not negative.

    Returns:
        Which examples are held out, boolean `(examples,)`.

    Raises:
        ValueError: if nothing is held out, or nothing left.

    Example:
    >>> groups = np.repeat(np.arange(4), 3)
    >>> taken = hold_out(np.zeros(12, int), groups, share=0.25, seed=0)
    >>> int(taken.sum()), len(set(groups[taken]) & set(groups[~taken]))
    (3, 0)
    """
    names, first, counts = np.unique(
        groups, return_index=True, return_counts=True
    )
    order = stratified_order(labels[first], seed)
    before = np.cumsum(counts[order]) - counts[order]
    chosen = order[before < share * len(groups)]
    if not 0 < len(chosen) < len(names):
        raise ValueError(
            "Invalid data set. Expected enough groups of images for a "
            f"training, a validation and a test split. Received: {len(names)}"
        )
    return np.isin(groups, names[chosen])


def _check_classes(raw: RawAttributes, train: RawSplit) -> None:
    rows = raw.table.rows[train.labels]
    for column, attribute in enumerate(raw.table.attributes):
        learnt = set(rows[:, column])
        absent = [
            name
            for number, name in enumerate(attribute.classes)
            if number not in learnt
        ]
        if absent:
            raise ValueError(
                f"Invalid data set `{raw.name}`. Expected training images of "
                f"every class of `{attribute.name}`. Received: none of {absent}"
            )
