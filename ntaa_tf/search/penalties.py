"""Penalties that the search adds to the loss, one for each choice's logits."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.choice import Choice

Penalty = Callable[[Any], Any]
# Logits, and the penalty that moves them beside the optimizer.
Decoupled = tuple[keras.Variable, Penalty]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class SourcePenalty(keras.regularizers.Regularizer):
    """Penalty λ_θ (θ_source − Σ θ_others): minimising it favours change.

    Args:
        strength: λ_θ.

    Source: NTAA, equation 17.
    """

    def __init__(self, strength: float):
        self.strength = strength

    def __call__(self, logits: Any) -> Any:
        """Return the penalty of one choice's logits."""
        # θ_source − Σ θ_others = 2 θ_source − Σ θ: the sum over all logits
        # contains θ_source once too often.
        return self.strength * (2 * logits[0] - ops.sum(logits))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"strength": self.strength}


@keras.saving.register_keras_serializable(package="ntaa_tf")
class CostPenalty(keras.regularizers.Regularizer):
    """Penalty λ Σ p_t · cost_t with p = softmax(θ): a choice's expected cost.

    Its derivative by θ_t is λ p_t (cost_t − Σ p_s · cost_s): it lowers the
    options that cost more than the present average and raises the others.

    Args:
        strength: λ.
        costs: the cost of each option.

    Example:
    >>> float(CostPenalty(2.0, [0.5, 0.1])(np.zeros(2)))
    0.6
    """

    def __init__(self, strength: float, costs: Sequence[float]):
        self.strength = strength
        self.costs = list(costs)

    def __call__(self, logits: Any) -> Any:
        """Return the penalty of one choice's logits."""
        logits = ops.convert_to_tensor(logits)
        costs = ops.convert_to_tensor(self.costs, logits.dtype)
        return self.strength * ops.sum(ops.softmax(logits) * costs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"strength": self.strength, "costs": self.costs}


def make_penalty(
    source_penalty: float, cost_weight: float, costs: Sequence[float]
) -> Penalty | None:
    """Return the sum of both penalties, or None if both strengths are 0.

    Args:
        source_penalty: strength of the penalty on the source's option.
        cost_weight: strength of the penalty on the expected cost.
        costs: the cost of each option.
    """
    penalties: list[Penalty] = []
    if source_penalty:
        penalties.append(SourcePenalty(source_penalty))
    if cost_weight:
        penalties.append(CostPenalty(cost_weight, costs))
    if not penalties:
        return None
    return lambda logits: sum(penalty(logits) for penalty in penalties)


def attach_penalties(
    choices: Sequence[Choice],
    source_penalty: float,
    cost_weight: float,
    costs: Mapping[str, Sequence[float]],
    decouples: bool,
) -> list[Decoupled]:
    """Attach the penalties of the choices to their logits.

    Args:
        choices: the choices of a supernet. Cells are skipped: they have no
            source operation that the penalties could refer to.
        source_penalty: strength of the penalty on the source's option.
        cost_weight: strength of the penalty on the expected cost.
        costs: the cost of each option, by the name of the choice.
        decouples: whether the penalties stay out of the loss.

    Returns:
        The penalties that stay out of the loss, for `descend_penalties`.
    """
    decoupled: list[Decoupled] = []
    for choice in choices:
        if isinstance(choice, CellChoice):
            continue
        penalty = make_penalty(
            source_penalty, cost_weight, costs.get(choice.name, [])
        )
        choice.logits.regularizer = penalty
        if decouples and penalty is not None:
            choice.logits.regularizer = None
            decoupled.append((choice.logits, penalty))
    return decoupled


def descend_penalties(penalties: Sequence[Decoupled], rate: Any) -> None:
    """Move logits by one step of gradient descent on their own penalties.

    An optimizer such as Adam divides a gradient by its size. Where the loss is
    flat, it would follow a weak penalty as fast as a strong one. A decoupled
    penalty keeps its strength: Δθ = −rate · ∂penalty/∂θ.

    Args:
        penalties: logits and their penalties.
        rate: the learning rate.
    """
    for logits, penalty in penalties:
        value = tf.convert_to_tensor(logits)
        with tf.GradientTape() as tape:
            tape.watch(value)
            loss = penalty(value)
        logits.assign_sub(rate * tape.gradient(loss, value))
