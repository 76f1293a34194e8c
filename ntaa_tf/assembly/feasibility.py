"""Whether a run can be done at all, asked before any training."""

import logging

import keras

from ntaa_tf.costs.memory import estimate_memory
from ntaa_tf.recipe import Recipe
from ntaa_tf.training.machine import find_free_memory
from ntaa_tf.training.machine import find_gpu_memory

logger = logging.getLogger(__name__)


def check_accumulation(recipe: Recipe, steps: int) -> None:
    """Raise a ValueError unless an epoch of so many steps has an update."""
    if recipe.accumulation_steps > steps:
        raise ValueError(
            "Invalid value for `accumulation_steps`. Expected at most the "
            f"{steps} batches of an epoch. Received: "
            f"{recipe.accumulation_steps}."
        )


def check_memory(recipe: Recipe, trained: keras.Model) -> None:
    """Log what training will take of memory, and refuse what is not there.

    Args:
        recipe: the choices.
        trained: the model that is trained: the supernet, or the source.

    Raises:
        ValueError: if it takes more than is free.
    """
    needed = estimate_training(recipe, trained)
    free = find_gpu_memory() or find_free_memory()
    what = "the supernet" if recipe.plan.trains_supernet else "the model"
    logger.info(
        "training %s needs about %s of memory, of which %s are free",
        what,
        format_bytes(needed),
        "an unknown amount" if free is None else format_bytes(free),
    )
    if free is not None and needed > free:
        raise ValueError(
            "Invalid value for `batch_size`. Expected one with which training "
            f"{what} fits into the {format_bytes(free)} of memory that are "
            f"free. Received: {recipe.batch_size}, with which it needs about "
            f"{format_bytes(needed)}. What helps: {advise(recipe)}."
        )


def estimate_training(recipe: Recipe, model: keras.Model) -> int:
    """Estimate the bytes that a recipe's training of a model takes."""
    return estimate_memory(
        model,
        recipe.batch_size,
        mixed_precision=recipe.mixed_precision,
        remat=recipe.remat,
        accumulates=recipe.accumulation_steps > 1,
    )


def advise(recipe: Recipe) -> str:
    """Name the flags that would lower the memory of a run."""
    flags = {
        "a smaller --batch_size with --accumulation_steps": (
            recipe.batch_size > 1
        ),
        "--remat": not recipe.remat,
        "--mixed_precision=bfloat16": recipe.mixed_precision == "none",
        "--sites=spatial": (
            recipe.plan.trains_supernet
            and recipe.sites == "all"
            and not recipe.searches_cells
        ),
        "fewer --channels or --cells_per_block": recipe.searches_cells,
        "a smaller --image_size": True,
    }
    return ", ".join(flag for flag, helps in flags.items() if helps)


def format_bytes(number: int) -> str:
    """Write a number of bytes in GiB."""
    return f"{number / 2**30:.1f} GiB"
