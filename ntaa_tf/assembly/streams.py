"""What weights and logits learn from, and how many batches that is."""

import dataclasses
from typing import Any

import numpy as np

from ntaa_tf import data
from ntaa_tf.assembly.task import make_task
from ntaa_tf.distribute import count_replicas
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.methods import BILEVEL


@dataclasses.dataclass(frozen=True)
class Stream:
    """Examples that batches are drawn from.

    Args:
        examples: decoded.
        chosen: indices of those that are taken; all when None.
        shrinks: whether a batch is of all of them where they are too few.
    """

    examples: data.Examples
    chosen: np.ndarray | None = None
    shrinks: bool = False

    def fit(self, batch_size: int, images_per_class: int | None) -> int:
        """Give the images of a batch."""
        if not self.shrinks:
            return batch_size
        most = len(self.examples)
        if images_per_class is not None:
            most = images_per_class * len(np.unique(self.examples.labels))
        return min(batch_size, most)


def check_replicas(recipe: Recipe, dataset: Any) -> None:
    """Raise a ValueError unless every replica has as much of each batch.

    Args:
        recipe: the choices.
        dataset: decoded and split.
    """
    replicas = count_replicas()
    images_per_class = make_task(recipe).images_per_class
    streams = list_streams(recipe, dataset)
    sizes = [
        stream.fit(recipe.batch_size, images_per_class) for stream in streams
    ]
    if sizes[0] % replicas:
        raise ValueError(
            "Invalid value for `batch_size`. Expected a multiple of "
            f"{replicas}, the number of devices. Received: {sizes[0]}."
        )
    if replicas > 1 and len(set(sizes)) > 1:
        raise ValueError(
            "Invalid value for `batch_size`. Expected at most the "
            f"{min(sizes)} images of the target that a batch can have, with "
            f"several devices. Received: {sizes[0]}."
        )


def count_steps(
    recipe: Recipe, dataset: Any, stream: Stream | None = None
) -> int:
    """Count the batches of an epoch.

    Args:
        recipe: the choices.
        dataset: decoded and split.
        stream: the examples; all training examples when None.

    Raises:
        ValueError: if there is no full batch.
    """
    stream = stream or Stream(dataset.train)
    images_per_class = make_task(recipe).images_per_class
    return data.make_order(
        stream.examples.labels,
        stream.fit(recipe.batch_size, images_per_class),
        images_per_class,
        chosen=stream.chosen,
    ).steps


def count_search_steps(recipe: Recipe, dataset: Any) -> int:
    """Count the batches of an epoch of the search: those of the weights.

    Raises:
        ValueError: if a stream has no full batch.
    """
    counts = [
        count_steps(recipe, dataset, stream)
        for stream in list_streams(recipe, dataset)
    ]
    return counts[0]


def list_streams(recipe: Recipe, dataset: Any) -> list[Stream]:
    """List what the search learns from: for the weights, for the logits.

    There is one stream where both learn from the same batches.
    """
    train = dataset.train
    if recipe.plan.search != BILEVEL:
        return [Stream(train)]
    if dataset.target is not None:
        return [Stream(train), Stream(dataset.target, shrinks=True)]
    halves = data.halve(train.labels, recipe.seed)
    return [Stream(train, half) for half in halves]
