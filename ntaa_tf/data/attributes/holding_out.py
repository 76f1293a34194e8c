"""Splits of attribute data sets that never divide a group of images."""

import numpy as np

from ntaa_tf.data.attributes.raw import RawAttributes
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.data.split import TEST_SHARE
from ntaa_tf.data.split import check_share
from ntaa_tf.data.split import stratified_order


def split_attributes(
    raw: RawAttributes, validation_share: float, seed: int
) -> dict[str, RawSplit]:
    """Complete the splits of a data set from its training examples.

    The test split is taken first, so it does not depend on the validation
    share. All images of a group go to the same split.

    Args:
        raw: the data set, with or without splits of its own.
        validation_share: share of the training examples, between 0 and 1.
        seed: seed of the splits; not negative.

    Returns:
        The splits `"train"`, `"validation"` and `"test"`.

    Raises:
        ValueError: if the share is out of range, there are too few groups, or
            no training image is left of a class.
    """
    check_share(validation_share)
    splits, groups = dict(raw.splits), raw.groups
    for name, share in (("test", TEST_SHARE), ("validation", validation_share)):
        if name not in splits:
            train = splits["train"]
            taken = hold_out_groups(train.labels, groups, share, seed)
            splits[name] = train.take(np.flatnonzero(taken))
            splits["train"] = train.take(np.flatnonzero(~taken))
            groups = groups[~taken]
    _check_classes(raw, splits["train"])
    return splits


def hold_out_groups(
    labels: np.ndarray, groups: np.ndarray, share: float, seed: int
) -> np.ndarray:
    """Choose whole groups that have about a share of all examples.

    Groups are stratified by the label of their first example.

    Args:
        labels: class indices, shape `(examples,)`.
        groups: group numbers, shape `(examples,)`.
        share: share of the examples to hold out, between 0 and 1.
        seed: seed of the choice; not negative.

    Returns:
        Whether each example is held out, boolean, shape `(examples,)`.

    Raises:
        ValueError: if no group or every group would be held out.

    Example:
    >>> groups = np.repeat(np.arange(4), 3)
    >>> taken = hold_out_groups(np.zeros(12, int), groups, share=0.25, seed=0)
    >>> int(taken.sum()), len(set(groups[taken]) & set(groups[~taken]))
    (3, 0)
    """
    # scikit-learn's GroupShuffleSplit does not stratify and takes a share of
    # the groups, not of the examples; StratifiedGroupKFold takes 1 / k only.
    # Both would change the splits of existing runs.
    names, first, counts = np.unique(
        groups, return_index=True, return_counts=True
    )
    order = stratified_order(labels[first], seed)
    # Examples in all groups before each group: take groups up to the share.
    before = np.cumsum(counts[order]) - counts[order]
    chosen = order[before < share * len(groups)]
    if not 0 < len(chosen) < len(names):
        raise ValueError(
            "Invalid data set. Expected enough groups of images for a "
            "training, a validation and a test split. Received: a share of "
            f"{share} would take {len(chosen)} of {len(names)} groups"
        )
    return np.isin(groups, names[chosen])


def _check_classes(raw: RawAttributes, train: RawSplit) -> None:
    """Raise a ValueError if training has no image of some class."""
    rows = raw.table.rows[train.labels]
    for column, attribute in enumerate(raw.table.attributes):
        present = set(rows[:, column])
        absent = [
            name
            for number, name in enumerate(attribute.classes)
            if number not in present
        ]
        if absent:
            raise ValueError(
                f"Invalid data set `{raw.name}`. Expected training images of "
                f"every class of `{attribute.name}`. Received: none of {absent}"
            )
