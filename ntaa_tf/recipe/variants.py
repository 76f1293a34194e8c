"""Recipes made from a recipe: smaller, plain, with other learning rates."""

import dataclasses
from typing import Any

from ntaa_tf.recipe.names import BUDGETS
from ntaa_tf.recipe.names import EXPECTATION
from ntaa_tf.recipe.names import RETRIEVAL
from ntaa_tf.recipe.recipe import Recipe

# Neighbouring learning rates of a sweep differ by this.
TUNING_FACTOR = 3.0


def shrink(recipe: Recipe) -> Recipe:
    """Give the recipe of a smoke run, else this one.

    Args:
        recipe: of a whole run, or with `smoke`.

    Example:
    >>> shrink(Recipe(smoke=True)).search_epochs
    1
    """
    if not recipe.smoke:
        return recipe
    images = min(recipe.images_per_identity, 4)
    if recipe.searches_cells:
        recipe = dataclasses.replace(
            recipe, channels=min(recipe.channels, 8), cells_per_block=1
        )
    return dataclasses.replace(
        recipe,
        search_epochs=1,
        finetune_epochs=1,
        transfer_epochs=1,
        supernet_epochs=1,
        evolution_population=4,
        evolution_generations=1,
        batch_size=2 * images if recipe.task == RETRIEVAL else 8,
        images_per_identity=images,
        accumulation_steps=min(recipe.accumulation_steps, 2),
    )


def make_baseline(recipe: Recipe) -> Recipe:
    """Give the recipe of plain finetuning with as many epochs.

    Args:
        recipe: of another method.

    Example:
    >>> make_baseline(Recipe(max_depth="0.5x")).method
    'finetune'
    """
    unlimited: dict[str, Any] = dict.fromkeys(BUDGETS.values())
    return dataclasses.replace(
        recipe,
        method="finetune",
        target_images_per_class=None,
        target_head=False,
        supernet=None,
        supernet_dataset=None,
        derived_weights=None,
        architecture=None,
        transfer_dataset=None,
        relaxation=EXPECTATION,
        unrolled=False,
        calibrate=False,
        baseline=None,
        guard=False,
        workdir=None,
        **unlimited,
    )


def list_tuned(recipe: Recipe) -> list[Recipe]:
    """List the recipes among which tuning chooses: this one is first.

    Args:
        recipe: whose `tune` says how many.

    Example:
    >>> [tuned.learning_rate for tuned in list_tuned(Recipe(tune=1))]
    [0.02]
    """
    rates = [
        recipe.learning_rate * TUNING_FACTOR ** ((k + 1) // 2 * (-1) ** k)
        for k in range(recipe.tune)
    ]
    return [
        dataclasses.replace(recipe, learning_rate=rate, tune=1, workdir=None)
        for rate in rates
    ]
