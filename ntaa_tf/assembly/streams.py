"""The examples that weights and logits learn from."""

import dataclasses
from typing import Any

import numpy as np

from ntaa_tf import data
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.methods import BILEVEL


@dataclasses.dataclass(frozen=True)
class Stream:
    """Examples that batches are drawn from.

    Args:
        examples: decoded examples.
        chosen: indices of the examples in the stream; all when None.
        shrinks: whether a batch is smaller where the examples are too few.
    """

    examples: data.Examples
    chosen: np.ndarray | None = None
    shrinks: bool = False

    def fit(self, batch_size: int, images_per_class: int | None) -> int:
        """Return the number of images in a batch of this stream."""
        if not self.shrinks:
            return batch_size
        most = len(self.examples)
        if images_per_class is not None:
            most = images_per_class * len(np.unique(self.examples.labels))
        return min(batch_size, most)

    def count_steps(self, batch_size: int, images_per_class: int | None) -> int:
        """Return the number of batches in an epoch.

        Raises:
            ValueError: if there is no full batch.
        """
        return data.make_order(
            self.examples.labels,
            self.fit(batch_size, images_per_class),
            images_per_class,
            chosen=self.chosen,
        ).steps


def list_streams(recipe: Recipe, dataset: Any) -> tuple[Stream, ...]:
    """List the streams of the search: the weights' first, then the logits'.

    There is one stream where both learn from the same batches.

    Args:
        recipe: recipe of the run.
        dataset: data set, decoded and split.
    """
    train = dataset.train
    if recipe.adaptation.plan.search != BILEVEL:
        return (Stream(train),)
    if dataset.target is not None:
        return Stream(train), Stream(dataset.target, shrinks=True)
    halves = data.halve(train.labels, recipe.output.seed)
    return tuple(Stream(train, half) for half in halves)
