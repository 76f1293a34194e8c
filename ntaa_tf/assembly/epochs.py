"""The epochs of a run: more of them where an epoch has few batches."""

import math

from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import replace
from ntaa_tf.recipe.values import LEAST_STEPS


def lengthen(recipe: Recipe, steps: int) -> Recipe:
    """Return a recipe with enough epochs for a number of batches.

    Search and finetuning grow alike, and so does the warm-up, a share of the
    search. Epochs that the user chose, and those of a smoke run, stay.

    Args:
        recipe: recipe of the run.
        steps: number of batches in an epoch.

    Example:
    >>> lengthen(make_recipe(), steps=2).training.total_epochs
    90
    """
    training = recipe.training
    chosen = {"search_epochs", "finetune_epochs"} & recipe.given
    total = training.total_epochs * steps
    if chosen or recipe.output.smoke or total >= LEAST_STEPS:
        return recipe
    factor = math.ceil(LEAST_STEPS / total)
    return replace(
        recipe,
        search_epochs=factor * training.search_epochs,
        finetune_epochs=factor * training.finetune_epochs,
    )
