"""What a choice may be beside a kind of search: of cells, without labels."""

import dataclasses
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ntaa_tf.recipe.methods import EVOLUTION
from ntaa_tf.recipe.names import BUDGETS

if TYPE_CHECKING:
    from ntaa_tf.recipe.recipe import Recipe

# A choice, whether it is wrong beside the others, and what was expected.
Clash = tuple[str, bool, str]

_OF_UNSUPERVISED = ("supernet", "supernet_dataset")
# What a supernet that rests has no use for.
_NOT_OF_UNSUPERVISED = ("calibrate", "relaxation", "tune")
_OF_CELLS = ("search_space", "channels", "cells_per_block")
_OF_SITES = (
    *("candidates", "sites", "skip_inputs", "candidate_weights", "calibrate"),
    *("start", "source_lead", "source_penalty", "cost_weight", "confidence"),
    *("validated_end", "relaxation", "last_stride", "squeeze_excitation"),
    *BUDGETS.values(),
)


def clash_with_cells(recipe: "Recipe") -> Iterator[Clash]:
    """List what clashes with cells, or with sites where there are none."""
    cells = recipe.searches_cells
    beside = f"--model={recipe.model}"
    yield (
        "method",
        cells
        and (recipe.plan.search == EVOLUTION or recipe.method == "partial"),
        f"another than evolution, or partial finetuning, with {beside}",
    )
    yield ("channels", recipe.channels % 2 == 1, "an even number")
    for field in dataclasses.fields(recipe):
        value = getattr(recipe, field.name)
        # What is turned off is not in the way.
        is_used = value != field.default and bool(value)
        is_other = field.name in (_OF_SITES if cells else _OF_CELLS)
        yield (
            field.name,
            is_other and is_used,
            f"{field.default}, its default, with {beside}, which "
            + ("has no sites" if cells else "has no cells"),
        )


def clash_with_supervision(recipe: "Recipe") -> Iterator[Clash]:
    """List what clashes with a supernet that learns without labels."""
    beside = f"--method={recipe.method}"
    rests = recipe.plan.self_supervises
    yield (
        "key_temperature",
        not 0 < recipe.key_temperature < math.inf,
        "above 0",
    )
    yield (
        "queue_length",
        rests and recipe.queue_length < recipe.batch_size,
        f"at least the batch of {recipe.batch_size}",
    )
    yield (
        "supernet",
        recipe.supernet is not None and recipe.supernet == recipe.workdir,
        "another directory than that of the run",
    )
    yield ("model", rests and recipe.searches_cells, f"sites with {beside}")
    for field in dataclasses.fields(recipe):
        is_changed = getattr(recipe, field.name) != field.default
        others = _NOT_OF_UNSUPERVISED if rests else _OF_UNSUPERVISED
        yield (
            field.name,
            field.name in others and is_changed,
            f"{field.default}, its default, with {beside}",
        )
