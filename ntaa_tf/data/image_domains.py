"""Domain adaptation: train on source data sets, test on a target."""

from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.data.split import split_dataset
from ntaa_tf.data.split import stratified_order


def join_domains(
    sources: Sequence[RawDataset],
    target: RawDataset,
    validation_share: float,
    seed: int,
    images_per_class: int | None = None,
    with_target: bool = False,
) -> RawDataset:
    """Join the training images of sources with the test images of a target.

    The test splits of sources are dropped, even those taken from training
    images. So the target may be one of the sources and is still tested on
    images that nothing learnt from.

    Args:
        sources: data sets with the target's classes; their order is free.
        target: the data set to test on.
        validation_share: share of the training examples that becomes the
            validation split, if a data set has none.
        seed: seed of splits and subsets; not negative.
        images_per_class: number of training images of each class to keep in
            the `"target"` split; None keeps all.
        with_target: whether to add the target's labelled training images as
            the split `"target"`, by which the search chooses architectures.

    Returns:
        A raw data set with the target's classes. `"train"` and `"validation"`
        come from the sources, `"test"` and `"target"` from the target.

    Raises:
        ValueError: if a source and the target have different classes.

    Example:
    >>> digits = open_dataset("digits")
    >>> joined = join_domains([digits], digits, 0.1, seed=0, with_target=True)
    >>> sorted(joined.splits)
    ['target', 'test', 'train', 'validation']
    """
    target_splits = split_dataset(target, validation_share, seed)
    source_splits = [
        split_dataset(_match_classes(raw, target), validation_share, seed)
        for raw in sources
    ]
    splits = {
        name: _concatenate([splits[name] for splits in source_splits])
        for name in ("train", "validation")
    }
    splits["test"] = target_splits["test"]
    if with_target:
        splits["target"] = _limit_classes(
            target_splits["train"], images_per_class, seed
        )
    name = "+".join(raw.name for raw in sources)
    return RawDataset(f"{name} to {target.name}", target.class_names, splits)


def _match_classes(source: RawDataset, target: RawDataset) -> RawDataset:
    """Renumber the labels of a source so that names match the target's."""
    numbers = {name: index for index, name in enumerate(target.class_names)}
    if set(source.class_names) != set(numbers):
        raise ValueError(
            f"Invalid data set `{source.name}`. Expected the classes of "
            f"`{target.name}`. Received: only in `{source.name}`: "
            f"{sorted(set(source.class_names) - set(numbers))}; only in "
            f"`{target.name}`: {sorted(set(numbers) - set(source.class_names))}"
        )
    renumbered = np.array([numbers[name] for name in source.class_names])
    splits = {
        name: RawSplit(split.images, renumbered[split.labels])
        for name, split in source.splits.items()
    }
    return RawDataset(source.name, target.class_names, splits)


def _concatenate(splits: Sequence[RawSplit]) -> RawSplit:
    images = [image for split in splits for image in split.images]
    return RawSplit(images, np.concatenate([split.labels for split in splits]))


def _limit_classes(split: RawSplit, count: int | None, seed: int) -> RawSplit:
    """Keep a random subset of so many images of each class."""
    if count is None:
        return split
    order = stratified_order(split.labels, seed)
    kept = [
        order[split.labels[order] == label][:count]
        for label in np.unique(split.labels)
    ]
    return split.take(np.sort(np.concatenate(kept)))
