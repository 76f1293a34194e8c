"""One data set of two domains: learn from the source, measure on the target."""

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
    judges: bool = False,
) -> RawDataset:
    """Joins the training images of sources with the test images of a target.

    Test splits of sources are not used, nor what is set apart as one where
    there is none, so that a target can be among them.

    Args:
        sources: data sets of the target's classes, in any order of them.
        target: the data set that is measured on.
        validation_share: share of the training examples that becomes the
            validation split of a data set that has none.
        seed: decides the splits and which examples are kept; not negative.
        images_per_class: how many training images of each class of the target
            are kept, where it judges; None keeps all.
        judges: whether architectures are judged by the target's training
            images, with their labels.

    Returns:
        A data set with the target's classes; train and validation are of the
        sources, `"test"` and, where it judges, `"target"` of the target.

    Raises:
        ValueError: if a source has other classes than the target.

    Example:
    >>> digits = open_dataset("digits")
    >>> joined = join_domains([digits], digits, 0.1, seed=0, judges=True)
    >>> sorted(joined.splits)
    ['target', 'test', 'train', 'validation']
    """
    of_target = split_dataset(target, validation_share, seed)
    of_sources = [
        split_dataset(_match_classes(raw, target), validation_share, seed)
        for raw in sources
    ]
    splits = {
        name: _concatenate([splits[name] for splits in of_sources])
        for name in ("train", "validation")
    }
    splits["test"] = of_target["test"]
    if judges:
        splits["target"] = _keep_few(of_target["train"], images_per_class, seed)
    name = "+".join(raw.name for raw in sources)
    return RawDataset(f"{name} to {target.name}", target.class_names, splits)


def _match_classes(source: RawDataset, target: RawDataset) -> RawDataset:
    """Numbers the classes of a source as the target does, by their names."""
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


def _keep_few(split: RawSplit, count: int | None, seed: int) -> RawSplit:
    if count is None:
        return split
    order = stratified_order(split.labels, seed)
    of_class = [
        order[split.labels[order] == label][:count]
        for label in np.unique(split.labels)
    ]
    return split.take(np.sort(np.concatenate(of_class)))
