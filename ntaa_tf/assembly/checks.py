"""Checks of a run, made before any training."""

import logging
from collections.abc import Sequence

import keras

from ntaa_tf.assembly.streams import Stream
from ntaa_tf.costs.memory import estimate_memory
from ntaa_tf.distribute import count_replicas
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.values import AUTO
from ntaa_tf.training.machine import find_free_memory
from ntaa_tf.training.machine import find_gpu_memory

SCARCE_SHARE = 0.1  # Of the free memory.

logger = logging.getLogger(__name__)


def check_streams(
    recipe: Recipe, streams: Sequence[Stream], images_per_class: int | None
) -> None:
    """Raise a ValueError if the streams are too short for the batches.

    Args:
        recipe: recipe of the run.
        streams: streams of the weights and the logits.
        images_per_class: images of each class in a batch, if fixed.
    """
    batch_size = recipe.training.batch_size
    _check_devices(
        [s.fit_batch_size(batch_size, images_per_class) for s in streams]
    )
    # An epoch has the steps of the first stream, but counting raises an error
    # for any stream without a full batch.
    steps = [s.count_steps(batch_size, images_per_class) for s in streams]
    accumulated = recipe.compute.accumulation_steps
    if accumulated > steps[0]:
        raise ValueError(
            f"--accumulation_steps must be at most {steps[0]}, the number of "
            f"batches in an epoch. Received: {accumulated}."
        )


def _check_devices(sizes: Sequence[int]) -> None:
    """Raise a ValueError unless devices can share every batch equally.

    Args:
        sizes: images in a batch of each stream, that of the weights first.
    """
    replicas = count_replicas()
    if sizes[0] % replicas:
        raise ValueError(
            f"--batch_size must be a multiple of {replicas}, the number of "
            f"devices. Received: {sizes[0]}."
        )
    if replicas > 1 and len(set(sizes)) > 1:
        raise ValueError(
            f"--batch_size must be at most {min(sizes)} on several devices: "
            "the target domain has no more images for a batch. Received: "
            f"{sizes[0]}."
        )


def check_memory(recipe: Recipe, trained: keras.Model) -> None:
    """Log the memory that training needs, and check that it is free.

    Args:
        recipe: recipe of the run.
        trained: model to train: the supernet, or the source model.

    Raises:
        ValueError: if training needs more memory than is free.
    """
    needed = estimate_training(recipe, trained)
    free = find_gpu_memory() or find_free_memory()
    searches = recipe.adaptation.plan.trains_supernet
    model = "the supernet" if searches else "the model"
    # What is plenty need not be told, but the log of the run has it.
    is_scarce = free is None or needed > SCARCE_SHARE * free
    logger.log(
        logging.INFO if is_scarce else logging.DEBUG,
        "training %s needs about %s of memory; free: %s",
        model,
        format_bytes(needed),
        "unknown" if free is None else format_bytes(free),
    )
    if free is not None and needed > free:
        raise ValueError(
            f"Training {model} with --batch_size="
            f"{recipe.training.batch_size} needs about {format_bytes(needed)} "
            f"of memory, and {format_bytes(free)} are free. Try "
            f"{suggest_savings(recipe)}."
        )


def estimate_training(recipe: Recipe, model: keras.Model) -> int:
    """Estimate the bytes of memory that training a model takes."""
    precision = recipe.compute.mixed_precision
    return estimate_memory(
        model,
        recipe.training.batch_size,
        # Before the measurement the dearer of both counts.
        mixed_precision="none" if precision == AUTO else precision,
        remat=recipe.compute.remat,
        accumulates=recipe.compute.accumulation_steps > 1,
    )


def suggest_savings(recipe: Recipe) -> str:
    """Name the flags that would lower the memory of a run."""
    cells = recipe.source.has_cells
    flags = {
        "a smaller --batch_size with --accumulation_steps": (
            recipe.training.batch_size > 1
        ),
        "--remat": not recipe.compute.remat,
        "--mixed_precision=bfloat16": recipe.compute.mixed_precision == "none",
        "--sites=spatial": (
            recipe.adaptation.plan.trains_supernet
            and recipe.search.sites == "all"
            and not cells
        ),
        "fewer --cell_channels or --cells_per_block": cells,
        "a smaller --image_size": True,
    }
    return ", ".join(flag for flag, helps in flags.items() if helps)


def format_bytes(number: int) -> str:
    """Write a number of bytes in GiB."""
    return f"{number / 2**30:.1f} GiB"
