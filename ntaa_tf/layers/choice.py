"""What every searched choice has: logits, and coefficients made of them."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

EXPECTATION = "expectation"
GUMBEL = "gumbel"
SINGLE_PATH = "single_path"
RELAXATIONS = (EXPECTATION, GUMBEL, SINGLE_PATH)
# The logit of an option that is chosen once and for all, the others' being 0.
CERTAIN = 20.0


class Choice(keras.layers.Layer):
    """A choice between options, the first of which is the source's own.

    With p = softmax(θ) the coefficients are

        c = (1 − ρ) · (p + κ · (e_source − softmax(θ_init))) + ρ · e_argmax.

    κ = 1 is the exact start: c is one-hot at the source while ∂c/∂θ is that
    of the softmax. ρ = 1 is the exact end: c is one-hot at the argmax. With
    κ = ρ = 0 they are the paper's. They always sum to 1.

    A relaxation other than `expectation` evaluates one option, the one
    `drawn`, anew for every step, with the probabilities

        q = (1 − ρ) · ((1 − κ) · p + κ · e_source) + ρ · e_argmax,

    with p = softmax(θ / τ) for `gumbel` and uniform for `single_path`.

    Args:
        options: names of the options, the source's own first.
        lead: by how much the source's logit, and those of what begins as it,
            exceed the others at first; 1 in the paper, of the source alone.
            The mixture is as far from the source's own operation as p is from
            it, once κ is 0.

    Source: NTAA, equation 12; κ and ρ are this project's.
    """

    def __init__(
        self, options: tuple[str, ...], lead: float = 1.0, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.options = tuple(options)
        self.lead = lead
        self.relaxation = EXPECTATION
        self.confidence = 0.0

    def build(self, input_shape: Any) -> None:
        """Create the logits, as they begin, and κ, ρ, τ."""
        self.logits = self.add_weight(
            self._logits_shape,
            lambda shape, dtype: ops.cast(self._initial_logits(), dtype),
            autocast=False,
            name="logits",
        )
        self.start_pull = self._add_state("start_pull", 1.0)
        self.end_pull = self._add_state("end_pull", 0.0)
        self.temperature = self._add_state("temperature", 1.0)
        self.drawn = self._add_state("drawn", 0, dtype="int32")

    def coefficients(self) -> Any:
        """Give the weight of each option, in the variables' dtype."""
        num_options = len(self.options)
        logits = ops.convert_to_tensor(self.logits)
        initial = ops.softmax(self._initial_logits())
        source = ops.one_hot(0, num_options)
        winner = ops.one_hot(self._find_winner(), num_options)
        pulled = ops.softmax(logits) + self.start_pull * (source - initial)
        return (1 - self.end_pull) * pulled + self.end_pull * winner

    def probabilities(self) -> Any:
        """Give how probable it is that each option is drawn: q."""
        num_options = len(self.options)
        logits = ops.convert_to_tensor(self.logits)
        free = ops.softmax(logits / self.temperature)
        if self.relaxation == SINGLE_PATH:
            free = ops.full((num_options,), 1 / num_options)
        source = ops.one_hot(0, num_options)
        winner = ops.one_hot(self._find_winner(), num_options)
        pulled = (1 - self.start_pull) * free + self.start_pull * source
        return (1 - self.end_pull) * pulled + self.end_pull * winner

    def follow(
        self, branches: Sequence[Callable[..., Any]], *inputs: Any
    ) -> Any:
        """Evaluate the option that is drawn, and no other.

        For `gumbel` the outputs are weighted by q_drawn / q_drawn, of which
        only the numerator is differentiated. So the logits' gradient is
        ⟨∂L/∂y, o_drawn⟩ · ∇ log q_drawn, whose mean over the draws is
        Σ ⟨∂L/∂y, o_t⟩ · ∇ q_t: that of the expected loss, without bias where
        the loss is linear in the option's outputs.

        Args:
            branches: what computes each option from the inputs.
            *inputs: tensors.
        """
        outputs = ops.switch(self.drawn, branches, *inputs)
        if self.relaxation == SINGLE_PATH:
            return outputs
        probability = ops.take(self.probabilities(), self.drawn)
        weight = probability / ops.stop_gradient(probability)
        return ops.cast(weight, outputs.dtype) * outputs

    def set_pulls(
        self, start_pull: Any, end_pull: Any, temperature: Any = None
    ) -> None:
        """Set κ and ρ, and τ if it is given."""
        self.start_pull.assign(start_pull)
        self.end_pull.assign(end_pull)
        if temperature is not None:
            self.temperature.assign(temperature)

    @property
    def winner(self) -> str:
        """The option that is most probable; of equal ones the first.

        The source's own wins unless another is more probable by more than
        `confidence`.
        """
        return self.options[int(self._find_winner())]

    def is_weight_free(self, option: str) -> bool:
        """Whether an option is an operation without weights; none is here."""
        return False

    @property
    def changed(self) -> bool:
        """Whether the winner is not the source's own."""
        return self.winner != self.options[0]

    def draw_option(self, rng: np.random.Generator) -> str:
        """Draw one of all options uniformly."""
        return str(rng.choice(self.options))

    def choose(self, option: str) -> None:
        """Make one option the winner, and end the mixing at it."""
        self.logits.assign(
            CERTAIN * ops.one_hot(self.options.index(option), len(self.options))
        )
        self.settle()

    def promote(self, option: str) -> None:
        """Let the logit of an option change places with the largest.

        Where that is not the lead that `confidence` asks for, it is raised.
        """
        logits = ops.convert_to_numpy(self.logits).copy()
        chosen = self.options.index(option)
        pair = [int(logits.argmax()), chosen]
        logits[pair] = logits[pair[::-1]]
        self.logits.assign(logits)
        if self.winner != option:
            logits[chosen] += CERTAIN
            self.logits.assign(logits)

    def settle(self) -> None:
        """End the mixing, or the drawing, at the winner."""
        self.set_pulls(0.0, 1.0)
        self.drawn.assign(self.options.index(self.winner))

    def _find_winner(self) -> Any:
        logits = ops.convert_to_tensor(self.logits)
        if not self.confidence:
            return ops.argmax(logits)
        lead = self.confidence * ops.one_hot(0, len(self.options))
        return ops.argmax(ops.softmax(logits) + lead)

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return super().get_config() | {
            "options": list(self.options),
            "lead": self.lead,
        }

    @property
    def _logits_shape(self) -> tuple[int, ...]:
        return (len(self.options),)

    def _initial_logits(self) -> Any:
        """Give θ_init."""
        return self.lead * ops.one_hot(0, len(self.options), dtype="float32")

    def _add_state(
        self, name: str, value: float, dtype: str | None = None
    ) -> keras.Variable:
        return self.add_weight(
            (),
            keras.initializers.Constant(value),
            dtype=dtype,
            trainable=False,
            autocast=False,
            name=name,
            aggregation="only_first_replica",
        )
