"""Choices of precision, memory and devices."""

from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import ON_SEVERAL_DEVICES
from ntaa_tf.recipe.values import AUTO


@dataclass(frozen=True)
class Compute(Section):
    """How training uses the machine."""

    title = "Compute"

    mixed_precision: str = choice(
        "none",
        "Mixed precision: number format of activations, float16 (with loss "
        "scaling) or bfloat16. Weights and the adapted model stay float32. "
        "auto measures a training step of the source, and chooses bfloat16 "
        "where it is faster.",
        "none, float16, bfloat16 or auto",
        options=("none", "float16", "bfloat16", AUTO),
    )
    remat: bool = choice(
        False,
        "Rematerialisation: recompute activations in the backward pass, for "
        "less memory and more time.",
        "less memory, more time",
    )
    accumulation_steps: int = choice(
        1,
        "Number of batches whose mean gradient makes one update of weights and "
        "logits (gradient accumulation). Batch norm still sees one batch at a "
        "time; an incomplete update at the end of a stage is dropped.",
        minimum=1,
    )
    steps_per_execution: int = choice(
        1,
        "Largest number of batches in one call of the compiled training step; "
        "the run takes the largest number up to it that divides an epoch.",
        minimum=1,
    )
    distribute: str = choice(
        "none",
        "Distribution of training: none uses one device, mirrored all GPUs of "
        "this machine, multiworker the cluster that TF_CONFIG names, tpu the "
        "cores of a TPU. Each device has all weights and a part of every "
        "batch.",
        "none, mirrored (all GPUs here), multiworker, tpu",
        options=("none", "mirrored", "multiworker", "tpu"),
    )
    sync_batch_norm: bool = choice(
        False,
        "Batch norm statistics of whole batches, shared by all devices, "
        "instead of each device's own part.",
        used_with=ON_SEVERAL_DEVICES,
    )
    deterministic: bool = choice(
        False,
        "Deterministic operations: the same command gives the same bits on the "
        "same kind of machine, killed on the way or not; slower on GPUs.",
    )
