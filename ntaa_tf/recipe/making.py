"""Recipes made from choices, and from other recipes, all checked."""

from collections.abc import Mapping
from typing import Any

from ntaa_tf.recipe.presets import NO_PRESET
from ntaa_tf.recipe.presets import PRESETS
from ntaa_tf.recipe.recipe import Recipe
from ntaa_tf.recipe.recipe import fill_sections
from ntaa_tf.recipe.recipe import list_choices
from ntaa_tf.recipe.recipe import list_unused
from ntaa_tf.recipe.rules import check_rules


def make_recipe(**choices: Any) -> Recipe:
    """Build a recipe from choices by their flat names.

    Args:
        **choices: choices of the user, by the names of the flags; all other
            choices come from the `preset`, or are defaults.

    Raises:
        ValueError: if a choice is unknown, is out of its bounds, contradicts
            another, or has no effect.

    Example:
    >>> make_recipe(seed=1).training.search_epochs
    10
    """
    return _check(make_unchecked(choices))


def make_unchecked(choices: Mapping[str, Any]) -> Recipe:
    """Build a recipe whose choices are not checked beside one another.

    Args:
        choices: choices of a user, as of `make_recipe`.

    Raises:
        ValueError: if a choice is unknown or out of its bounds.
    """
    preset = choices.get("preset", NO_PRESET)
    chosen = PRESETS.get(preset, {}) if isinstance(preset, str) else {}
    return fill_sections({**chosen, **choices}, frozenset(choices))


def replace(recipe: Recipe, **choices: Any) -> Recipe:
    """Return a recipe with some choices replaced, by their flat names.

    Args:
        recipe: recipe of a run; it is not modified.
        **choices: replaced choices. They are not added to `given`, so they
            may be without effect.

    Example:
    >>> replace(make_recipe(seed=1), seed=2).output.seed
    2
    """
    return _check(fill_sections({**recipe.to_dict(), **choices}, recipe.given))


def switch(recipe: Recipe, **choices: Any) -> Recipe:
    """Return a recipe for another method or task.

    Unlike in `replace`, choices of the recipe that lose their effect, such as
    the limits of a search, go back to their defaults.

    Args:
        recipe: recipe of a run; it is not modified.
        **choices: replaced choices, such as the method.

    Example:
    >>> switch(make_recipe(max_depth="0.5x"), method="finetune").limits
    Limits(max_macs=None, max_params=None, max_latency_ms=None, ...)
    """
    switched = fill_sections({**recipe.to_dict(), **choices})
    unused = list_unused(switched)
    values = switched.to_dict()
    kept = {name: values[name] for name in values.keys() - unused}
    return _check(fill_sections(kept, recipe.given - unused))


def _check(recipe: Recipe) -> Recipe:
    """Return a recipe whose choices all have an effect and fit together."""
    values, unused = recipe.to_dict(), list_unused(recipe)
    for _, field, described in list_choices():
        # A choice that is turned off is in nobody's way. 0 is a value: it
        # equals False, but is not turned off.
        value = values[field.name]
        is_on = not (value is None or value is False)
        if (
            is_on
            and described.used_with
            and field.name in recipe.given & unused
        ):
            condition = described.used_with.text
            raise ValueError(
                f"--{field.name} is used only with {condition}. Remove it, or "
                f"choose {condition}."
            )
    check_rules(recipe)
    return recipe
