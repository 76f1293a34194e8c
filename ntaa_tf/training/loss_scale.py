"""Loss scaling for two optimizers that step together."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

LossScale = keras.optimizers.LossScaleOptimizer


def scale_alike(optimizer: Any, other: Any) -> Any:
    """Wrap `other` in the loss scaling of `optimizer`, if it has any.

    The two loss scales stay equal as long as both optimizers receive the
    gradients of the same steps, prepared by `share_overflow`.

    Args:
        optimizer: the optimizer to imitate.
        other: the optimizer to wrap.

    Returns:
        `other`, wrapped in a new `LossScaleOptimizer` where `optimizer` is
        one and `other` is not.
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
    """Spread an overflow in one group of gradients to all groups.

    An optimizer with loss scaling skips a step if one of its gradients is not
    finite. Two optimizers must skip the same steps, so an overflow seen by
    one is passed on to the other.

    Args:
        optimizer: one of the optimizers; without loss scaling the gradients
            are returned unchanged.
        *groups: the gradients for each optimizer; None for a variable without
            a gradient.

    Returns:
        The groups, each with a NaN in it after an overflow in any of them.
    """
    gradients = [list(group) for group in groups]
    if isinstance(optimizer, LossScale):
        finite = optimizer.check_finite([g for part in gradients for g in part])
        mark = ops.where(finite, 0.0, float("nan"))
        for part in gradients:
            # One NaN is enough for the optimizer to skip the step.
            present = [i for i, g in enumerate(part) if g is not None]
            for index in present[:1]:
                part[index] = part[index] + mark
    return tuple(gradients)
