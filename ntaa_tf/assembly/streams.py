"""The training examples of the weights, of the logits, and of judging."""

import dataclasses
import logging

import numpy as np

from ntaa_tf import data
from ntaa_tf.data.datasets import Dataset
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import replace
from ntaa_tf.recipe import switch
from ntaa_tf.recipe.methods import BILEVEL
from ntaa_tf.recipe.methods import INHERIT

# Of the training images, the most that are held out to judge changes: as a
# share, and as a number. More would hardly narrow the intervals.
JUDGING_SHARE = 0.2
MOST_JUDGING = 2000
LEAST_JUDGING = 200  # Fewer can't tell a useful change from a chance one.

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Stream:
    """Training examples that batches are drawn from.

    Args:
        examples: decoded examples.
        chosen: indices of the examples in the stream; all when None.
        shrinks: whether batches become smaller if the examples do not fill
            one of `--batch_size`; otherwise that is an error.
    """

    examples: data.Examples
    chosen: np.ndarray | None = None
    shrinks: bool = False

    def __len__(self) -> int:
        return len(self.examples if self.chosen is None else self.chosen)

    def fit_batch_size(
        self, batch_size: int, images_per_class: int | None
    ) -> int:
        """Return the number of images in a batch of this stream.

        Args:
            batch_size: largest number of images in a batch.
            images_per_class: images of each class in a batch, if fixed.
        """
        if not self.shrinks:
            return batch_size
        most = len(self.examples)
        if images_per_class is not None:
            most = images_per_class * len(np.unique(self.examples.labels))
        return min(batch_size, most)

    def count_steps(self, batch_size: int, images_per_class: int | None) -> int:
        """Return the number of batches in an epoch.

        Args:
            batch_size: largest number of images in a batch.
            images_per_class: images of each class in a batch, if fixed.

        Raises:
            ValueError: if there is no full batch.
        """
        return data.make_order(
            self.examples.labels,
            self.fit_batch_size(batch_size, images_per_class),
            images_per_class,
            chosen=self.chosen,
        ).steps


def list_streams(recipe: Recipe, dataset: Dataset) -> tuple[Stream, ...]:
    """List the streams of the search: of the weights, then of the logits.

    The list has one stream if both learn from the same batches. A bilevel
    search has two: source and target domain, or halves of one data set.

    Args:
        recipe: recipe of the run.
        dataset: data set, decoded and split.
    """
    train = dataset.train
    if recipe.adaptation.plan.search != BILEVEL:
        return (Stream(train, _divide(recipe, dataset)[0]),)
    if dataset.target is not None:
        return Stream(train), Stream(dataset.target, shrinks=True)
    halves = data.halve(train.labels, recipe.output.seed)
    return tuple(Stream(train, half) for half in halves)


def find_judging(recipe: Recipe, dataset: Dataset) -> Stream | None:
    """Find the examples that judge the changes of a search.

    No weight learns from them in the search. In a bilevel search they are
    examples of the logits; else they are held out from the training examples,
    and finetuning gets them back.

    Args:
        recipe: recipe of the run.
        dataset: data set, decoded and split.

    Returns:
        The examples; None if changes are not judged.
    """
    if not recipe.judges_changes:
        return None
    if recipe.adaptation.plan.search != BILEVEL:
        return Stream(dataset.train, _divide(recipe, dataset)[1])
    stream = list_streams(recipe, dataset)[-1]
    chosen = stream.chosen
    if chosen is None:
        chosen = np.arange(len(stream.examples))
    labels, seed = stream.examples.labels[chosen], recipe.output.seed
    _, judging = data.hold_out(labels, min(len(labels), MOST_JUDGING), seed)
    return Stream(stream.examples, chosen[judging])


def _divide(
    recipe: Recipe, dataset: Dataset
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Divide the training examples into those of learning and of judging."""
    if not recipe.judges_changes:
        return None, None
    labels = dataset.train.labels
    count = min(int(JUDGING_SHARE * len(labels)), MOST_JUDGING)
    return data.hold_out(labels, count, recipe.output.seed)


def limit_search(recipe: Recipe, dataset: Dataset) -> tuple[Recipe, str | None]:
    """Leave out what too few images can't decide.

    Where they can't judge a change, the source is finetuned. A limit, or a
    network that is trained from new weights, needs the search all the same;
    then no change is judged.

    Args:
        recipe: recipe of the run.
        dataset: data set, decoded and split.

    Returns:
        The recipe to carry out; and the reason, in words, if it has no search
        any more.
    """
    judging = find_judging(recipe, dataset)
    is_enough = judging is None or len(judging) >= LEAST_JUDGING
    if judging is None or is_enough or recipe.output.smoke:
        return recipe, None
    reason = (
        f"{len(judging)} images can be held out to judge changes, and "
        f"{LEAST_JUDGING} are needed"
    )
    inherits = recipe.adaptation.plan.weights == INHERIT
    if inherits and not recipe.limits.by_cost:
        logger.warning(
            "the source is finetuned, and no operation is searched: %s", reason
        )
        return switch(recipe, method="finetune"), reason
    logger.info("no change is judged: %s", reason)
    return replace(recipe, price=0.0), None
