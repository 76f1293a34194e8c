"""The task that a recipe asks for."""

from typing import Any

from ntaa_tf.recipe import ATTRIBUTES
from ntaa_tf.recipe import CLASSIFICATION
from ntaa_tf.recipe import Recipe
from ntaa_tf.tasks.attributes import NOTHING_KNOWN
from ntaa_tf.tasks.attributes import Attributes
from ntaa_tf.tasks.classification import Classification
from ntaa_tf.tasks.retrieval import Retrieval
from ntaa_tf.tasks.task import Task


def make_task(recipe: Recipe, dataset: Any = None) -> Task:
    """Make the task that a recipe asks for.

    Args:
        recipe: the choices.
        dataset: decoded or as it is found, where more is asked of the task
            than to open and prepare it.
    """
    if recipe.task == CLASSIFICATION:
        return Classification()
    if recipe.task == ATTRIBUTES:
        return Attributes(
            table=NOTHING_KNOWN if dataset is None else dataset.table,
            target=recipe.target,
            ordinal=recipe.ordinal,
            fold=recipe.fold,
        )
    return Retrieval(
        head=recipe.head,
        embedding_size=recipe.embedding_size,
        stripes=recipe.stripes,
        images_per_class=recipe.images_per_identity,
        cross_entropy_weight=recipe.cross_entropy_weight,
        margin=recipe.triplet_margin,
        label_smoothing=recipe.label_smoothing,
        average_precision=recipe.average_precision,
    )
