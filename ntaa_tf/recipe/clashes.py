"""What a choice may be beside the others."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ntaa_tf.recipe.errors import invalid
from ntaa_tf.recipe.kinds import Clash
from ntaa_tf.recipe.kinds import clash_with_cells
from ntaa_tf.recipe.kinds import clash_with_supervision
from ntaa_tf.recipe.methods import ACROSS_DOMAINS
from ntaa_tf.recipe.methods import BILEVEL
from ntaa_tf.recipe.methods import EVOLUTION
from ntaa_tf.recipe.methods import GIVEN
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.recipe.methods import TRANSFER
from ntaa_tf.recipe.names import ADIENCE
from ntaa_tf.recipe.names import ATTRIBUTES
from ntaa_tf.recipe.names import BUDGETS
from ntaa_tf.recipe.names import CLASSIFICATION
from ntaa_tf.recipe.names import GUMBEL
from ntaa_tf.recipe.names import LOGITS_REST
from ntaa_tf.recipe.names import RETRIEVAL
from ntaa_tf.recipe.names import SINGLE_PATH

if TYPE_CHECKING:
    from ntaa_tf.recipe.recipe import Recipe

# What only one task has a use for.
_OF_TASKS = {
    RETRIEVAL: (
        *("head", "embedding_size", "stripes", "images_per_identity"),
        *("cross_entropy_weight", "triplet_margin", "label_smoothing"),
        "average_precision",
    ),
    ATTRIBUTES: ("target", "ordinal", "fold"),
}


def check_clashes(recipe: "Recipe") -> None:
    """Raise a ValueError where a choice can't stand beside the others.

    Args:
        recipe: whose ranges have been checked.
    """
    _check_needs(recipe)
    for list_clashes in (
        *(_clash_with_task, _clash_with_attributes, _clash_with_crops),
        *(_clash_with_retrieval, clash_with_cells),
        *(clash_with_supervision, _clash_with_method, _clash_beside),
    ):
        for name, is_wrong, expected in list_clashes(recipe):
            if is_wrong:
                raise invalid(name, expected, getattr(recipe, name))


def _check_needs(recipe: "Recipe") -> None:
    """Raise a ValueError where a method lacks something, or can't use it."""
    plan = recipe.plan
    if recipe.limits and plan.search in (NOTHING, GIVEN):
        flag = BUDGETS[next(iter(recipe.limits))]
        what = f"None, as --method={recipe.method} derives nothing"
        raise invalid(flag, what, getattr(recipe, flag))
    for name, is_needed in {
        "architecture": plan.search == GIVEN,
        "transfer_dataset": plan.weights == TRANSFER,
    }.items():
        value = getattr(recipe, name)
        if is_needed == (value is None):
            what = "a value" if is_needed else "None"
            raise invalid(name, f"{what} with {_say_plan(recipe)}", value)


def _clash_with_task(recipe: "Recipe") -> Iterator[Clash]:
    """List what is of another task."""
    yield (
        "transfer_dataset",
        recipe.task != CLASSIFICATION and recipe.plan.weights == TRANSFER,
        f"None with --task={recipe.task}, of which nothing is transferred",
    )
    for task, names in _OF_TASKS.items():
        for field in dataclasses.fields(recipe):
            is_changed = getattr(recipe, field.name) != field.default
            yield (
                field.name,
                field.name in names and recipe.task != task and is_changed,
                f"{field.default}, its default, unless --task={task}",
            )


def _clash_with_attributes(recipe: "Recipe") -> Iterator[Clash]:
    shows = recipe.task == ATTRIBUTES
    yield (
        "source_dataset",
        shows and recipe.source_dataset is not None,
        "None with --task=attributes, which are of one data set",
    )
    yield (
        "model",
        shows and recipe.searches_cells,
        "one that has sites with --task=attributes",
    )
    yield (
        "ordinal",
        recipe.dataset == ADIENCE and recipe.ordinal is not None,
        "None with adience, of which age is",
    )


def _clash_with_crops(recipe: "Recipe") -> Iterator[Clash]:
    is_cropped = recipe.resize is not None
    retrieves = recipe.task == RETRIEVAL
    yield (
        "resize",
        is_cropped and (retrieves or recipe.plan.self_supervises),
        "None with --task=retrieval and with --method=unsupervised, whose "
        "augmentations have crops of their own",
    )
    yield (
        "image_size",
        is_cropped and recipe.image_size is None,
        "the size that is cropped to with --resize",
    )


def _clash_with_retrieval(recipe: "Recipe") -> Iterator[Clash]:
    retrieves = recipe.task == RETRIEVAL
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
        "target_images_per_class",
        recipe.target_images_per_class is not None and not across,
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
        and (
            recipe.mixed_precision == "float16"
            or recipe.accumulation_steps > 1
            or recipe.cross_entropy_weight == 0
        ),
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
    divides = recipe.distribute != "none"
    distributed = f"--distribute={recipe.distribute}"
    yield (
        "mixed_precision",
        divides and recipe.mixed_precision == "float16",
        f"none or bfloat16 with {distributed}, of which no loss is scaled",
    )
    yield (
        "steps_per_execution",
        divides and recipe.steps_per_execution > 1,
        f"1 with {distributed}: TensorFlow does not reduce over devices in a "
        "loop",
    )
    yield (
        "sync_batch_norm",
        recipe.sync_batch_norm and not divides,
        "False without --distribute",
    )
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
