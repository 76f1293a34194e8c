"""Recipes derived from a recipe: smoke run, baseline, other learning rates."""

from typing import Any

from ntaa_tf.recipe.making import replace
from ntaa_tf.recipe.making import switch
from ntaa_tf.recipe.recipe import Recipe
from ntaa_tf.recipe.values import CLASSIFICATION
from ntaa_tf.recipe.values import PROVEN
from ntaa_tf.recipe.values import RETRIEVAL

# Neighbouring learning rates of the trials differ by this factor.
TRIAL_FACTOR = 3.0
SMOKE_EXAMPLES = 32
SMOKE_BATCH = 8


def shrink(recipe: Recipe) -> Recipe:
    """Return the recipe of a smoke run; any other recipe as it is.

    Args:
        recipe: recipe of a run.

    Example:
    >>> shrink(make_recipe(smoke=True)).training.search_epochs
    1
    """
    if not recipe.output.smoke:
        return recipe
    images = min(recipe.retrieval.images_per_identity, 4)
    cells: dict[str, Any] = {}
    if recipe.source.has_cells:
        channels = min(recipe.cells.cell_channels, 8)
        cells = {"cell_channels": channels, "cells_per_block": 1}
    retrieves = recipe.data.task == RETRIEVAL
    return replace(
        recipe,
        search_epochs=1,
        finetune_epochs=1,
        transfer_epochs=1,
        supernet_epochs=1,
        evolution_population=4,
        evolution_generations=1,
        batch_size=2 * images if retrieves else SMOKE_BATCH,
        images_per_identity=images,
        accumulation_steps=min(recipe.compute.accumulation_steps, 2),
        **cells,
    )


def count_smoke_examples(recipe: Recipe, num_classes: int) -> int | None:
    """Return the number of images of each split; None if it is no smoke run.

    Args:
        recipe: recipe of a run.
        num_classes: classes of the data set, each of which needs two images.

    Example:
    >>> count_smoke_examples(make_recipe(smoke=True), num_classes=10)
    32
    """
    if not recipe.output.smoke:
        return None
    if recipe.data.task == CLASSIFICATION:
        return max(SMOKE_EXAMPLES, 2 * num_classes)
    return SMOKE_EXAMPLES


def make_baseline(recipe: Recipe) -> Recipe:
    """Return the recipe of plain finetuning for as many epochs.

    Args:
        recipe: recipe of another method.

    Example:
    >>> make_baseline(make_recipe(max_depth="0.5x")).adaptation.method
    'finetune'
    """
    return switch(
        recipe,
        method="finetune",
        derived_weights=None,
        baseline=None,
        hand_over=PROVEN,
        tolerance=None,
        distill=False,
        workdir=None,
    )


def make_teacher(recipe: Recipe) -> Recipe:
    """Return the recipe of the teacher: the baseline at its own image size.

    Args:
        recipe: recipe with a `teacher_image_size`.
    """
    size = recipe.distillation.teacher_image_size
    return replace(make_baseline(recipe), image_size=size)


def list_trials(recipe: Recipe) -> list[Recipe]:
    """List a recipe for each learning rate to try, the recipe's own first.

    Args:
        recipe: recipe with a number of `learning_rate_trials`.

    Example:
    >>> trials = list_trials(make_recipe(learning_rate_trials=1))
    >>> [trial.training.learning_rate for trial in trials]
    [0.02]
    """
    rate = recipe.training.learning_rate
    # Exponents 0, -1, 1, -2, 2, ...: around the recipe's own learning rate.
    return [
        replace(
            recipe,
            learning_rate=rate * TRIAL_FACTOR ** ((k + 1) // 2 * (-1) ** k),
            learning_rate_trials=1,
            workdir=None,
        )
        for k in range(recipe.adaptation.learning_rate_trials)
    ]
