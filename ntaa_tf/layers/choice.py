"""What every searched choice has: logits, and coefficients made of them."""

from typing import Any

import keras
from keras import ops


class Choice(keras.layers.Layer):
    """A choice between options, the first of which is the source's own.

    With p = softmax(θ) the coefficients are

        c = (1 − ρ) · (p + κ · (e_source − softmax(θ_init))) + ρ · e_argmax.

    κ = 1 is the exact start: c is one-hot at the source while ∂c/∂θ is that
    of the softmax. ρ = 1 is the exact end: c is one-hot at the argmax. With
    κ = ρ = 0 they are the paper's. They always sum to 1.

    Args:
        options: names of the options, the source's own first.

    Source: NTAA, equation 12; κ and ρ are this project's.
    """

    def __init__(self, options: tuple[str, ...], **kwargs: Any):
        super().__init__(**kwargs)
        self.options = tuple(options)

    def build(self, input_shape: Any) -> None:
        """Create the logits, 1 at the source and 0 elsewhere, and κ and ρ."""
        self.logits = self.add_weight(
            (len(self.options),),
            _initialize_logits,
            autocast=False,
            name="logits",
        )
        self.start_pull = self._add_pull("start_pull", 1.0)
        self.end_pull = self._add_pull("end_pull", 0.0)

    def coefficients(self) -> Any:
        """Give the weight of each option, in the variables' dtype."""
        num_options = len(self.options)
        logits = ops.convert_to_tensor(self.logits)
        initial = ops.softmax(_initialize_logits((num_options,)))
        source = ops.one_hot(0, num_options)
        winner = ops.one_hot(ops.argmax(logits), num_options)
        pulled = ops.softmax(logits) + self.start_pull * (source - initial)
        return (1 - self.end_pull) * pulled + self.end_pull * winner

    def set_pulls(self, start_pull: Any, end_pull: Any) -> None:
        """Set κ and ρ."""
        self.start_pull.assign(start_pull)
        self.end_pull.assign(end_pull)

    @property
    def winner(self) -> str:
        """The option of the largest logit; of equal ones the first."""
        return self.options[int(ops.argmax(self.logits))]

    @property
    def changed(self) -> bool:
        """Whether the winner is not the source's own."""
        return self.winner != self.options[0]

    def choose(self, option: str) -> None:
        """Make one option the winner, and end the mixing at it."""
        self.logits.assign(
            ops.one_hot(self.options.index(option), len(self.options))
        )
        self.set_pulls(0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return super().get_config() | {"options": list(self.options)}

    def _add_pull(self, name: str, value: float) -> keras.Variable:
        return self.add_weight(
            (),
            keras.initializers.Constant(value),
            trainable=False,
            autocast=False,
            name=name,
            aggregation="only_first_replica",
        )


def _initialize_logits(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Give the paper's initial logits: 1 at the source, 0 elsewhere."""
    return ops.one_hot(0, shape[0], dtype=dtype or "float32")
