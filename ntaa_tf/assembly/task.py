"""The task of a recipe."""

from typing import Any

from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.values import ATTRIBUTES
from ntaa_tf.recipe.values import CLASSIFICATION
from ntaa_tf.tasks.attributes import AttributesTask
from ntaa_tf.tasks.classification import ClassificationTask
from ntaa_tf.tasks.retrieval import RetrievalTask
from ntaa_tf.tasks.task import Task


def build_task(recipe: Recipe, dataset: Any) -> Task:
    """Build the task of a recipe: its head, losses and metrics.

    Args:
        recipe: recipe of the run.
        dataset: data set, decoded or opened; only the table of attributes is
            read.
    """
    if recipe.data.task == CLASSIFICATION:
        return ClassificationTask()
    if recipe.data.task == ATTRIBUTES:
        return AttributesTask(dataset.table)
    return RetrievalTask(recipe.retrieval)
