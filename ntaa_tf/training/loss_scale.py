"""Loss scaling for two optimizers that step together."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

LossScale = keras.optimizers.LossScaleOptimizer


def scale_alike(optimizer: Any, other: Any) -> Any:
    """Give `other` the loss scaling that `optimizer` has, if it has any.

    The two scales stay equal as long as both optimizers are given gradients
    of the same steps, prepared by `share_overflow`.
    """
    if not isinstance(optimizer, LossScale) or isinstance(other, LossScale):
        return other
    return LossScale(
        other,
        initial_scale=optimizer.initial_scale,
        dynamic_growth_steps=optimizer.dynamic_growth_steps,
    )


def share_overflow(
    optimizer: Any, *groups: Sequence[Any]
) -> tuple[list[Any], ...]:
    """Let an overflow in one group of gradients be seen in each.

    An optimizer that scales the loss skips a step whose gradients are not
    all finite. It must not be skipped by one optimizer and taken by another.

    Args:
        optimizer: the one that scales the loss; otherwise nothing is done.
        *groups: the gradients for each optimizer, None where there is none.
    """
    gradients = [list(group) for group in groups]
    if isinstance(optimizer, LossScale):
        finite = optimizer.check_finite([g for part in gradients for g in part])
        mark = ops.where(finite, 0.0, float("nan"))
        for part in gradients:
            present = [i for i, g in enumerate(part) if g is not None]
            for index in present[:1]:
                part[index] = part[index] + mark
    return tuple(gradients)
