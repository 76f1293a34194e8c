"""Which examples are in each batch of each epoch."""

import functools
from collections.abc import Sized
from typing import Protocol

import numpy as np


class Order(Protocol):
    """Decides, by epoch and step alone, which examples are in a batch."""

    steps: int
    batch_size: int

    def choose(self, epoch: int, step: int) -> np.ndarray:
        """Returns the indices of the examples of a batch."""


class ShuffledOrder:
    """Every example once an epoch, shuffled anew for each.

    Args:
        indices: of the examples.
        batch_size: examples of a batch; those that fill no batch are left
            out, others in every epoch.
        seed: decides the order; not negative.

    Raises:
        ValueError: if there is no full batch.
    """

    def __init__(self, indices: np.ndarray, batch_size: int, seed: int):
        self.steps = steps_per_epoch(indices, batch_size)
        self.batch_size = batch_size
        self._indices = indices
        self._seed = seed
        # Those of neighbouring epochs, as batches are made ahead.
        self._order_of = functools.lru_cache(maxsize=2)(self._shuffle)

    def choose(self, epoch: int, step: int) -> np.ndarray:
        """Returns the indices of the examples of a batch."""
        return self._order_of(epoch)[step * self.batch_size :][
            : self.batch_size
        ]

    def _shuffle(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng((self._seed, epoch))
        return rng.permutation(self._indices)


class BalancedOrder:
    """Batches of so many classes, with so many examples of each.

    In an epoch no example is drawn twice, but for classes that have fewer
    than a batch takes of them. All examples of a class stand side by side, so
    that an equal part of a batch, as a replica gets it, holds whole classes
    where the parts divide them.

    An epoch has as many batches as can be filled. Classes with more examples
    than fit in are drawn from; remainders are left out, others in every epoch.

    Args:
        labels: the class of each example.
        classes_per_batch: different classes in a batch.
        examples_per_class: of each of them.
        seed: decides what is drawn; not negative.
        indices: of the examples that are taken; all when None.

    Raises:
        ValueError: if there are too few classes.

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
                f"{len(classes)} classes, as the training data has, with "
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
        """Returns the indices of the examples of a batch."""
        return self._batches_of(epoch)[step]

    def _draw(self, epoch: int) -> np.ndarray:
        """Returns the indices of all batches, `(steps, batch_size)`."""
        rng = np.random.default_rng((self._seed, epoch))
        groups = np.concatenate(
            [
                self._group(self._members[index], rng)[: self.steps]
                for index in rng.permutation(len(self._members))
            ]
        )
        # Dealt out like cards: at most `steps` groups of a class, one after
        # the other, come to lie in different batches.
        batches = [
            groups[step :: self.steps][: self._classes_per_batch].reshape(-1)
            for step in range(self.steps)
        ]
        return rng.permutation(np.stack(batches))

    def _group(
        self, members: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Returns groups of different members, `(groups, examples)`."""
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
    """Gives the order of examples, shuffled or balanced.

    Args:
        labels: the class of each example.
        batch_size: examples of one batch.
        images_per_class: how many of a class are in a batch that has any;
            None shuffles all.
        seed: decides the order; not negative.
        chosen: indices of the examples that are taken; all when None.

    Returns:
        The order; its `steps` are the batches of an epoch.

    Raises:
        ValueError: if there is no full batch.

    Example:
    >>> make_order(np.arange(10) % 2, batch_size=4, images_per_class=2).steps
    2
    """
    indices = np.arange(len(labels)) if chosen is None else chosen
    if images_per_class is None:
        return ShuffledOrder(indices, batch_size, seed)
    if images_per_class < 1 or batch_size % images_per_class:
        raise ValueError(
            "Invalid value for `images_per_class`. Expected a number that "
            f"divides the batch of {batch_size}. Received: {images_per_class}"
        )
    classes_per_batch = batch_size // images_per_class
    return BalancedOrder(
        labels, classes_per_batch, images_per_class, seed, indices
    )


def steps_per_epoch(examples: Sized, batch_size: int) -> int:
    """Returns the number of full batches in one epoch of training.

    Args:
        examples: what is trained on.
        batch_size: examples of one batch.

    Returns:
        The number of batches; examples that fill no batch are left out, others
        in every epoch.

    Raises:
        ValueError: if there is no full batch.
    """
    if not 1 <= batch_size <= len(examples):
        raise ValueError(
            "Invalid value for `batch_size`. Expected from 1 to "
            f"{len(examples)}, the number of training examples. Received: "
            f"{batch_size}"
        )
    return len(examples) // batch_size


def _count_batches(groups: np.ndarray, classes_per_batch: int) -> int:
    """Returns how many batches groups fill, no class twice in one of them."""
    steps = 1  # There are as many classes as a batch takes.
    while np.minimum(groups, steps + 1).sum() >= classes_per_batch * (
        steps + 1
    ):
        steps += 1
    return steps


def spread(images: np.ndarray, count: int) -> np.ndarray:
    """Gives images from all over a split, which may be sorted by class.

    Args:
        images: of the split, along the first axis.
        count: how many are wanted.

    Returns:
        So many, or all, in their order.

    Example:
    >>> spread(np.arange(10), 4)
    array([0, 3, 6, 9])
    """
    rows = np.linspace(0, len(images) - 1, min(count, len(images)))
    return images[rows.astype(int)]
