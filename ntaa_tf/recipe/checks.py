"""What a choice may be: by itself, and beside the others."""

import dataclasses
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import Any

from ntaa_tf.methods import ACROSS_DOMAINS
from ntaa_tf.methods import BILEVEL
from ntaa_tf.methods import EVOLUTION
from ntaa_tf.methods import GIVEN
from ntaa_tf.methods import NOTHING
from ntaa_tf.methods import TRANSFER
from ntaa_tf.recipe.names import BUDGETS
from ntaa_tf.recipe.names import GUMBEL
from ntaa_tf.recipe.names import LOGITS_REST
from ntaa_tf.recipe.names import RETRIEVAL
from ntaa_tf.recipe.names import SINGLE_PATH
from ntaa_tf.size import parse_size

if TYPE_CHECKING:
    from ntaa_tf.recipe.recipe import Recipe

# A choice, whether it is wrong beside the others, and what was expected.
Clash = tuple[str, bool, str]

_LOWEST = {
    "train_examples": 1,
    "target_images_per_id": 1,
    "search_epochs": 1,
    "finetune_epochs": 0,
    "batch_size": 1,
    "accumulation_steps": 1,
    "steps_per_execution": 1,
    "learning_rate": 0.0,
    "weight_decay": 0.0,
    "architecture_learning_rate": 0.0,
    "lambda_theta": 0.0,
    "source_lead": 0.0,
    "cost_weight": 0.0,
    "skip_inputs": 1,
    "channels": 4,
    "cells_per_block": 1,
    "pretrain_epochs": 1,
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
    "seed": 0,
}
_SHARES_BELOW_ONE = ("confidence", "warm_up", "label_smoothing")
_OF_RETRIEVAL = (
    *("head", "embedding_size", "stripes", "images_per_identity"),
    *("cross_entropy_weight", "triplet_margin", "label_smoothing"),
    "average_precision",
)
_OF_UNSUPERVISED = ("supernet", "supernet_dataset")
# What a supernet that rests, and is even at first, has no use for.
_NOT_OF_UNSUPERVISED = ("calibrate", "relaxation", "source_lead", "remat")
_OF_CELLS = ("search_space", "channels", "cells_per_block")
_OF_SITES = (
    *("candidates", "sites", "skip_inputs", "candidate_weights", "calibrate"),
    *("start", "source_lead", "lambda_theta", "cost_weight", "confidence"),
    *("validated_end", "relaxation", "last_stride", "squeeze_excitation"),
    *BUDGETS.values(),
)


def check_ranges(recipe: "Recipe") -> None:
    """Raise a ValueError where a choice is out of its own range.

    Args:
        recipe: of which every field is checked.
    """
    for field in dataclasses.fields(recipe):
        choices = field.metadata["choices"]
        value = getattr(recipe, field.name)
        if choices and value not in (*choices, field.default):
            raise _invalid(field.name, f"one of {choices}", value)
    for name, lowest in _LOWEST.items():
        value = getattr(recipe, name)
        if value is not None and not lowest <= value < math.inf:
            raise _invalid(name, f"at least {lowest}", value)
    if recipe.image_size is not None:
        parse_size(recipe.image_size)
    share = recipe.validation_share
    if not 0 < share < 1:
        raise _invalid("validation_share", "between 0 and 1", share)
    weight = recipe.cross_entropy_weight
    if not 0 <= weight <= 1:
        raise _invalid("cross_entropy_weight", "0 to 1", weight)
    if recipe.last_stride not in (1, 2):
        raise _invalid("last_stride", "1 or 2", recipe.last_stride)
    for name in _SHARES_BELOW_ONE:
        value = getattr(recipe, name)
        if not 0 <= value < 1:
            raise _invalid(name, "0 or more, below 1", value)


def check_clashes(recipe: "Recipe") -> None:
    """Raise a ValueError where a choice can't stand beside the others.

    Args:
        recipe: whose ranges have been checked.
    """
    _check_needs(recipe)
    for list_clashes in (
        *(_clash_with_task, _clash_with_cells),
        *(_clash_with_supervision, _clash_with_method, _clash_beside),
    ):
        for name, is_wrong, expected in list_clashes(recipe):
            if is_wrong:
                raise _invalid(name, expected, getattr(recipe, name))


def _check_needs(recipe: "Recipe") -> None:
    """Raise a ValueError where a method lacks something, or can't use it."""
    plan = recipe.plan
    if recipe.limits and plan.search in (NOTHING, GIVEN):
        flag = BUDGETS[next(iter(recipe.limits))]
        what = f"None, as --method={recipe.method} derives nothing"
        raise _invalid(flag, what, getattr(recipe, flag))
    for name, is_needed in {
        "architecture": plan.search == GIVEN,
        "pretrain_dataset": plan.weights == TRANSFER,
    }.items():
        value = getattr(recipe, name)
        if is_needed == (value is None):
            what = "a value" if is_needed else "None"
            raise _invalid(name, f"{what} with {_say_plan(recipe)}", value)


def _clash_with_task(recipe: "Recipe") -> Iterator[Clash]:
    retrieves = recipe.task == RETRIEVAL
    yield (
        "pretrain_dataset",
        retrieves and recipe.plan.weights == TRANSFER,
        "None with --task=retrieval, of which nothing is transferred",
    )
    yield (
        "augment",
        retrieves and recipe.augment == "cutmix",
        "one that mixes no identities with --task=retrieval",
    )
    yield (
        "images_per_identity",
        retrieves and recipe.batch_size % recipe.images_per_identity != 0,
        f"a number that divides the batch of {recipe.batch_size}",
    )
    has_triplets = recipe.cross_entropy_weight < 1
    compares = retrieves and (has_triplets or recipe.method == ACROSS_DOMAINS)
    yield (
        "images_per_identity",
        compares and recipe.images_per_identity < 2,
        "at least 2 with triplets, which compare images of one identity",
    )
    yield (
        "batch_size",
        compares and recipe.batch_size < 2 * recipe.images_per_identity,
        f"at least {2 * recipe.images_per_identity} with triplets, which "
        "compare identities of one batch",
    )
    for field in dataclasses.fields(recipe):
        is_changed = getattr(recipe, field.name) != field.default
        yield (
            field.name,
            field.name in _OF_RETRIEVAL and not retrieves and is_changed,
            f"{field.default}, its default, unless --task=retrieval",
        )


def _clash_with_cells(recipe: "Recipe") -> Iterator[Clash]:
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


def _clash_with_supervision(recipe: "Recipe") -> Iterator[Clash]:
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
    yield ("model", rests and recipe.searches_cells, f"sites with {beside}")
    for field in dataclasses.fields(recipe):
        is_changed = getattr(recipe, field.name) != field.default
        others = _NOT_OF_UNSUPERVISED if rests else _OF_UNSUPERVISED
        yield (
            field.name,
            field.name in others and is_changed,
            f"{field.default}, its default, with {beside}",
        )


def _clash_with_method(recipe: "Recipe") -> Iterator[Clash]:
    plan, method = recipe.plan, f"--method={recipe.method}"
    yield (
        "relaxation",
        plan.search == BILEVEL and recipe.relaxation == SINGLE_PATH,
        f"one that has logits with {method}",
    )
    yield (
        "relaxation",
        plan.search == EVOLUTION and recipe.relaxation == GUMBEL,
        f"single_path, or none, with {method}",
    )
    is_bilevel = plan.search == BILEVEL and recipe.mixed_precision == "none"
    yield (
        "unrolled",
        recipe.unrolled and not is_bilevel,
        "False unless --method is darts or bilevel, in float32",
    )
    across = recipe.method == ACROSS_DOMAINS
    yield (
        "source_dataset",
        across and recipe.source_dataset is None,
        f"the data set that weights are trained on with {method}",
    )
    yield (
        "source_data_dir",
        recipe.source_data_dir is not None and recipe.source_dataset is None,
        "None without --source_dataset",
    )
    yield (
        "target_images_per_id",
        recipe.target_images_per_id is not None and not across,
        f"None with {method}, whose architecture the target does not judge",
    )
    yield (
        "target_head",
        recipe.target_head and not (across and recipe.task == RETRIEVAL),
        f"False unless --method={ACROSS_DOMAINS} and --task={RETRIEVAL}",
    )
    yield (
        "target_head",
        recipe.target_head
        and (recipe.mixed_precision == "float16")
        | (recipe.accumulation_steps > 1)
        | (recipe.cross_entropy_weight == 0),
        "False in float16, with accumulated batches, and without cross-entropy "
        "in the loss",
    )
    yield (
        "derived_weights",
        plan.search == NOTHING and plan.weights == TRANSFER,
        "another than transfer where no architecture is found",
    )
    yield (
        "calibrate",
        recipe.calibrate and not plan.trains_supernet,
        f"False with {method}, which searches nothing",
    )


def _clash_beside(recipe: "Recipe") -> Iterator[Clash]:
    is_limited = bool(recipe.limits)
    yield (
        "squeeze_excitation",
        recipe.squeeze_excitation and is_limited,
        "False with limits, which its gates would exceed",
    )
    is_partial = recipe.method == "partial" or recipe.plan.weights == TRANSFER
    yield (
        "squeeze_excitation",
        recipe.squeeze_excitation and is_partial,
        "False with partial finetuning and with transfer",
    )
    yield (
        "warm_up",
        recipe.end == "exact" and recipe.warm_up >= LOGITS_REST,
        f"below {LOGITS_REST} with --end=exact: then the logits rest",
    )
    yield (
        "guard",
        recipe.guard and (recipe.method == "finetune" or is_limited),
        "False with --method=finetune, and with limits, which the "
        "finetuned source may not keep",
    )


def _say_plan(recipe: "Recipe") -> str:
    weights = recipe.derived_weights
    return f"--method={recipe.method}" + (
        f" and --derived_weights={weights}" if weights else ""
    )


def _invalid(name: str, expected: str, received: Any) -> ValueError:
    return ValueError(
        f"Invalid value for `{name}`. Expected {expected}. "
        f"Received: {received!r}."
    )
