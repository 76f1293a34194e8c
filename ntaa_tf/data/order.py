"""Orders of training examples: shuffled, or balanced by class."""

import functools
from collections.abc import Sized
from typing import Protocol

import numpy as np


class Order(Protocol):
    """The examples of each batch; they depend on epoch and step alone."""

    steps: int
    batch_size: int

    def choose(self, epoch: int, step: int) -> np.ndarray:
        """Return the indices of the examples of a batch."""


class ShuffledOrder:
    """An order that shuffles all examples anew in every epoch.

    Args:
        indices: indices of the examples to use.
        batch_size: examples in a batch. The remainder of an epoch is left out;
            it differs from epoch to epoch.
        seed: seed of the order; not negative.

    Raises:
        ValueError: if there are too few examples for one batch.
    """

    def __init__(self, indices: np.ndarray, batch_size: int, seed: int):
        self.steps = steps_per_epoch(indices, batch_size)
        self.batch_size = batch_size
        self._indices = indices
        self._seed = seed
        # Two epochs: prefetching reads the next while the last one ends.
        self._order_of = functools.lru_cache(maxsize=2)(self._shuffle)

    def choose(self, epoch: int, step: int) -> np.ndarray:
        """Return the indices of the examples of a batch."""
        start = step * self.batch_size
        return self._order_of(epoch)[start : start + self.batch_size]

    def _shuffle(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng((self._seed, epoch))
        return rng.permutation(self._indices)


class BalancedOrder:
    """An order with P classes in a batch and K examples of each.

    An example occurs at most once in an epoch, unless its class has fewer than
    K examples; then they are drawn with repetition. The examples of a class
    are adjacent in the batch. So a replica that receives an equal part of the
    batch has whole classes if the number of replicas divides P.

    An epoch has as many batches as can be filled. Examples that fit in none
    are left out; they differ from epoch to epoch.

    Args:
        labels: class index of each example, shape `(examples,)`.
        classes_per_batch: number of different classes in a batch, P.
        examples_per_class: number of examples of each of them, K.
        seed: seed of the order; not negative.
        indices: indices of the examples to use; None uses all.

    Raises:
        ValueError: if there are fewer classes than `classes_per_batch`.

    Example:
    >>> labels = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    >>> order = BalancedOrder(labels, 3, 2, seed=0)
    >>> batch = labels[order.choose(epoch=0, step=0)]
    >>> np.bincount(batch)
    array([2, 2, 2])
    """

    def __init__(
        self,
        labels: np.ndarray,
        classes_per_batch: int,
        examples_per_class: int,
        seed: int,
        indices: np.ndarray | None = None,
    ):
        if indices is None:
            indices = np.arange(len(labels))
        labels = labels[indices]
        classes, counts = np.unique(labels, return_counts=True)
        if not 1 <= classes_per_batch <= len(classes):
            raise ValueError(
                "Invalid value for `batch_size`. Expected batches of 1 to "
                f"{len(classes)} classes, the number of training classes, with "
                f"{examples_per_class} images of each. Received: "
                f"{classes_per_batch} classes"
            )
        self.batch_size = classes_per_batch * examples_per_class
        self._classes_per_batch = classes_per_batch
        self._examples_per_class = examples_per_class
        self._members = [indices[labels == label] for label in classes]
        self._seed = seed
        groups = np.maximum(1, counts // examples_per_class)
        self.steps = _count_batches(groups, classes_per_batch)
        self._batches_of = functools.lru_cache(maxsize=2)(self._draw)

    def choose(self, epoch: int, step: int) -> np.ndarray:
        """Return the indices of the examples of a batch."""
        return self._batches_of(epoch)[step]

    def _draw(self, epoch: int) -> np.ndarray:
        """Return the indices of all batches, shape `(steps, batch_size)`."""
        rng = np.random.default_rng((self._seed, epoch))
        groups = np.concatenate(
            [
                self._group(self._members[index], rng)[: self.steps]
                for index in rng.permutation(len(self._members))
            ]
        )
        # Groups are dealt out like cards. A class has at most `steps` groups,
        # one after the other, and the groups of a batch are `steps` apart: so
        # no batch gets two groups of one class.
        batches = [
            groups[step :: self.steps][: self._classes_per_batch].reshape(-1)
            for step in range(self.steps)
        ]
        return rng.permutation(np.stack(batches))

    def _group(
        self, members: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Divide a class into groups, shape `(groups, examples_per_class)`."""
        size = self._examples_per_class
        if len(members) < size:
            return rng.choice(members, (1, size))
        count = len(members) // size
        return rng.permutation(members)[: count * size].reshape(count, size)


def make_order(
    labels: np.ndarray,
    batch_size: int,
    images_per_class: int | None = None,
    seed: int = 0,
    chosen: np.ndarray | None = None,
) -> Order:
    """Build the order of training examples, shuffled or balanced.

    Args:
        labels: class index of each example, shape `(examples,)`.
        batch_size: examples in a batch.
        images_per_class: number of images of each class in a batch; None
            shuffles all examples regardless of class.
        seed: seed of the order; not negative.
        chosen: indices of the examples to use; None uses all.

    Returns:
        The order; its `steps` is the number of batches in an epoch.

    Raises:
        ValueError: if there are too few examples or classes for one batch, or
            `images_per_class` does not divide `batch_size`.

    Example:
    >>> make_order(np.arange(10) % 2, batch_size=4, images_per_class=2).steps
    2
    """
    indices = np.arange(len(labels)) if chosen is None else chosen
    if images_per_class is None:
        return ShuffledOrder(indices, batch_size, seed)
    if images_per_class < 1 or batch_size % images_per_class:
        raise ValueError(
            "Invalid value for `images_per_class`. Expected a divisor of the "
            f"batch size, {batch_size}. Received: {images_per_class}"
        )
    classes_per_batch = batch_size // images_per_class
    return BalancedOrder(
        labels, classes_per_batch, images_per_class, seed, indices
    )


def steps_per_epoch(examples: Sized, batch_size: int) -> int:
    """Return the number of full batches in an epoch of shuffled training.

    Args:
        examples: the training examples.
        batch_size: examples in a batch.

    Raises:
        ValueError: if there are too few examples for one batch.
    """
    if not 1 <= batch_size <= len(examples):
        raise ValueError(
            "Invalid value for `batch_size`. Expected from 1 to "
            f"{len(examples)}, the number of training examples. Received: "
            f"{batch_size}"
        )
    return len(examples) // batch_size


def _count_batches(groups: np.ndarray, classes_per_batch: int) -> int:
    """Count the batches that groups of classes fill.

    A batch takes at most one group of each class, so n batches take at most
    min(groups, n) of a class. They can be filled if these numbers add up to n
    times the classes of a batch. If n batches can't be filled, n + 1 can't
    either, since the sum divided by n does not grow.
    """
    steps = 1  # Every class has a group, and a batch takes no more classes.
    while np.minimum(groups, steps + 1).sum() >= classes_per_batch * (
        steps + 1
    ):
        steps += 1
    return steps


def take_evenly(images: np.ndarray, count: int) -> np.ndarray:
    """Return a subset of images, evenly spaced over the whole split.

    The first images alone may be of one class, as splits are often sorted.

    Args:
        images: images of the split, along the first axis.
        count: maximum number of images.

    Returns:
        The chosen images in their order.

    Example:
    >>> take_evenly(np.arange(10), 4)
    array([0, 3, 6, 9])
    """
    rows = np.linspace(0, len(images) - 1, min(count, len(images)))
    return images[rows.astype(int)]
