"""What the search adds to the loss: penalties on the logits of a choice."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ntaa_tf")
class SourcePenalty(keras.regularizers.Regularizer):
    """λ_θ (θ_source − Σ θ_others): minimised, it favours change.

    Args:
        strength: λ_θ.

    Source: NTAA, equation 17.
    """

    def __init__(self, strength: float):
        self.strength = strength

    def __call__(self, logits: Any) -> Any:
        """Give the penalty of one choice's logits."""
        return self.strength * (2 * logits[0] - ops.sum(logits))

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return {"strength": self.strength}


@keras.saving.register_keras_serializable(package="ntaa_tf")
class CostPenalty(keras.regularizers.Regularizer):
    """λ Σ p_t · cost_t with p = softmax(θ): the expected cost of a choice.

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
        """Give the penalty of one choice's logits."""
        logits = ops.convert_to_tensor(logits)
        costs = ops.convert_to_tensor(self.costs, logits.dtype)
        return self.strength * ops.sum(ops.softmax(logits) * costs)

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return {"strength": self.strength, "costs": self.costs}


def make_penalty(
    source_penalty: float, cost_weight: float, costs: Sequence[float]
) -> Callable[[Any], Any] | None:
    """Give the sum of both penalties, None where both have no strength.

    Args:
        source_penalty: strength of that on the source's own option.
        cost_weight: strength of that on the expected cost.
        costs: the cost of each option.
    """
    penalties: list[Callable[[Any], Any]] = []
    if source_penalty:
        penalties.append(SourcePenalty(source_penalty))
    if cost_weight:
        penalties.append(CostPenalty(cost_weight, costs))
    if not penalties:
        return None
    return lambda logits: sum(penalty(logits) for penalty in penalties)
