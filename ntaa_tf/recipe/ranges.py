"""What a choice may be by itself."""

import dataclasses
import math
from typing import TYPE_CHECKING

from ntaa_tf.export.formats import parse_formats
from ntaa_tf.image_size import parse_size
from ntaa_tf.recipe.errors import invalid

if TYPE_CHECKING:
    from ntaa_tf.recipe.recipe import Recipe

_LOWEST = {
    "train_examples": 1,
    "target_images_per_class": 1,
    "search_epochs": 1,
    "finetune_epochs": 0,
    "batch_size": 1,
    "accumulation_steps": 1,
    "steps_per_execution": 1,
    "learning_rate": 0.0,
    "weight_decay": 0.0,
    "architecture_learning_rate": 0.0,
    "source_penalty": 0.0,
    "source_lead": 0.0,
    "cost_weight": 0.0,
    "skip_inputs": 1,
    "channels": 4,
    "cells_per_block": 1,
    "transfer_epochs": 1,
    "supernet_epochs": 1,
    "queue_length": 1,
    "key_size": 1,
    "embedding_size": 1,
    "stripes": 1,
    "images_per_identity": 1,
    "triplet_margin": 0.0,
    "evolution_population": 1,
    "evolution_generations": 0,
    "tune": 1,
    "fold": 0,
    "seed": 0,
}
_SHARES_BELOW_ONE = ("confidence", "warm_up", "label_smoothing")


def check_ranges(recipe: "Recipe") -> None:
    """Raise a ValueError where a choice is out of its own range.

    Args:
        recipe: of which every field is checked.
    """
    for field in dataclasses.fields(recipe):
        choices = field.metadata["choices"]
        value = getattr(recipe, field.name)
        if choices and value not in (*choices, field.default):
            raise invalid(field.name, f"one of {choices}", value)
    for name, lowest in _LOWEST.items():
        value = getattr(recipe, name)
        if value is not None and not lowest <= value < math.inf:
            raise invalid(name, f"at least {lowest}", value)
    for name in ("image_size", "resize"):
        if getattr(recipe, name) is not None:
            parse_size(getattr(recipe, name), name)
    parse_formats(recipe.export)
    share = recipe.validation_share
    if not 0 < share < 1:
        raise invalid("validation_share", "between 0 and 1", share)
    weight = recipe.cross_entropy_weight
    if not 0 <= weight <= 1:
        raise invalid("cross_entropy_weight", "0 to 1", weight)
    if recipe.last_stride not in (1, 2):
        raise invalid("last_stride", "1 or 2", recipe.last_stride)
    for name in _SHARES_BELOW_ONE:
        value = getattr(recipe, name)
        if not 0 <= value < 1:
            raise invalid(name, "0 or more, below 1", value)
