"""Base class of everything that is searched: logits and their coefficients."""

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
# Logit of an option that is set as the winner, the others' logits being 0.
CERTAIN_LOGIT = 20.0


class Choice(keras.layers.Layer):
    """Choice between options, the first of which is the source's own.

    Trainable logits θ give the options' probabilities p = softmax(θ). The
    relaxation `expectation` weights every option by its coefficient

        c = (1 − ρ) · (p + κ · (e_source − softmax(θ_init))) + ρ · e_argmax,

    where e is a one-hot vector. The coefficients always sum to 1.

    - Start pull κ: 1 is the exact start, with c one-hot at the source.
    - End pull ρ: 1 is the exact end, with c one-hot at the argmax.
    - κ = ρ = 0 gives the paper's coefficients, c = p.
    - Absence: a choice that is absent from a step has c one-hot at the source,
      whatever κ and ρ. So the others learn to do without it.

    The other relaxations evaluate a single option in each step, whose index
    is the variable `drawn`. The option is drawn with the probabilities

        q = (1 − ρ) · ((1 − κ) · p + κ · e_source) + ρ · e_argmax,

    where p = softmax(θ / τ) for `gumbel`, and p is uniform for `single_path`.

    Args:
        options: names of the options, the source's own first.
        lead: initial difference between the source's logit and the others.
            The paper uses 1. Once κ is 0, the mixture is as far from the
            source as p is from one-hot; a larger lead keeps it closer.

    Attributes:
        relaxation: one of `RELAXATIONS`, `expectation` by default.
        confidence: difference of probabilities that another option has to
            exceed in order to win against the source's own, 0 by default.

    Source: NTAA, equation 12. κ and ρ are additions of this project.
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
        """Create the logits and the state κ, ρ, τ, drawn index, absence."""
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
        self.absence = self._add_state("absence", 0.0)

    def coefficients(self) -> Any:
        """Compute the coefficients c, in the dtype of the variables."""
        # Exact start: at θ = θ_init and κ = 1 the softmaxes cancel, so that
        # c = e_source. The correction κ · (e_source − softmax(θ_init)) does
        # not depend on θ. So ∂c/∂θ = ∂p/∂θ is that of the paper's softmax,
        # which a saturated softmax near one-hot would not have.
        # Exact end: argmax has no gradient, so ∂c/∂θ fades as 1 − ρ.
        # Sum: p sums to 1 and the correction to 0, whatever κ.
        num_options = len(self.options)
        logits = ops.convert_to_tensor(self.logits)
        initial = ops.softmax(self._initial_logits())
        source = ops.one_hot(0, num_options)
        winner = ops.one_hot(self._find_winner(), num_options)
        pulled = ops.softmax(logits) + self.start_pull * (source - initial)
        mixed = (1 - self.end_pull) * pulled + self.end_pull * winner
        return (1 - self.absence) * mixed + self.absence * source

    def probabilities(self) -> Any:
        """Compute the probabilities q that each option is drawn."""
        # Unlike c, q must not be negative. So κ interpolates here, and the
        # logits have no gradient at the exact start.
        num_options = len(self.options)
        logits = ops.convert_to_tensor(self.logits)
        free = ops.softmax(logits / self.temperature)
        if self.relaxation == SINGLE_PATH:
            free = ops.full((num_options,), 1 / num_options)
        source = ops.one_hot(0, num_options)
        winner = ops.one_hot(self._find_winner(), num_options)
        pulled = (1 - self.start_pull) * free + self.start_pull * source
        mixed = (1 - self.end_pull) * pulled + self.end_pull * winner
        return (1 - self.absence) * mixed + self.absence * source

    def follow(
        self, branches: Sequence[Callable[..., Any]], *inputs: Any
    ) -> Any:
        """Evaluate only the drawn option.

        Args:
            branches: functions that compute each option from the inputs.
            *inputs: tensors.
        """
        outputs = ops.switch(self.drawn, branches, *inputs)
        if self.relaxation == SINGLE_PATH:
            return outputs
        # The weight q_d / stop_gradient(q_d) of the drawn option d is 1 and
        # has the gradient ∇ log q_d. The logits receive
        #     g_d = ⟨∂L/∂y, o_d⟩ · ∇ log q_d.
        # Its mean over the draws is Σ_t q_t · g_t = Σ_t ⟨∂L/∂y, o_t⟩ · ∇ q_t,
        # as q_t · ∇ log q_t = ∇ q_t. That is the gradient of the expected
        # loss, unbiased if the loss is linear in the option's outputs.
        probability = ops.take(self.probabilities(), self.drawn)
        weight = probability / ops.stop_gradient(probability)
        return ops.cast(weight, outputs.dtype) * outputs

    def set_pulls(
        self, start_pull: Any, end_pull: Any, temperature: Any = None
    ) -> None:
        """Set κ and ρ, and τ if given; the choice is present again.

        Args:
            start_pull: κ, from 0 to 1.
            end_pull: ρ, from 0 to 1.
            temperature: softmax temperature τ.
        """
        self.start_pull.assign(start_pull)
        self.end_pull.assign(end_pull)
        self.absence.assign(0.0)
        if temperature is not None:
            self.temperature.assign(temperature)

    @property
    def winner(self) -> str:
        """Most probable option; the first of equal ones.

        The source's own option wins unless the probability of another exceeds
        it by more than `confidence`.
        """
        return self.options[int(self._find_winner())]

    def is_weight_free(self, option: str) -> bool:
        """Return whether an option is an operation without weights: no."""
        return False

    @property
    def changed(self) -> bool:
        """Whether the winner differs from the source's own option."""
        return self.winner != self.options[0]

    def draw_option(self, rng: np.random.Generator) -> str:
        """Draw one of the options uniformly."""
        return str(rng.choice(self.options))

    def choose(self, option: str) -> None:
        """Set the winner and end the mixing there.

        Args:
            option: name of the new winner.
        """
        self.logits.assign(
            CERTAIN_LOGIT
            * ops.one_hot(self.options.index(option), len(self.options))
        )
        self.settle()

    def promote(self, option: str) -> None:
        """Make an option the winner by swapping its logit with the largest.

        Args:
            option: name of the new winner.
        """
        logits = ops.convert_to_numpy(self.logits).copy()
        chosen = self.options.index(option)
        pair = [int(logits.argmax()), chosen]
        logits[pair] = logits[pair[::-1]]
        self.logits.assign(logits)
        # The largest logit may not exceed the source's by `confidence`.
        if self.winner != option:
            logits[chosen] += CERTAIN_LOGIT
            self.logits.assign(logits)

    def settle(self) -> None:
        """End the mixing or drawing at the winner."""
        self.set_pulls(0.0, 1.0)
        self.drawn.assign(self.options.index(self.winner))

    def _find_winner(self) -> Any:
        """Return the index of the winner as a tensor."""
        logits = ops.convert_to_tensor(self.logits)
        if not self.confidence:
            return ops.argmax(logits)
        # p_t > p_source + confidence is the argmax after adding the confidence
        # to the source. Equal values go to the first, which is the source.
        lead = self.confidence * ops.one_hot(0, len(self.options))
        return ops.argmax(ops.softmax(logits) + lead)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration for `from_config`."""
        return super().get_config() | {
            "options": list(self.options),
            "lead": self.lead,
        }

    @property
    def _logits_shape(self) -> tuple[int, ...]:
        return (len(self.options),)

    def _initial_logits(self) -> Any:
        """Return θ_init: the lead at the source, 0 elsewhere."""
        return self.lead * ops.one_hot(0, len(self.options), dtype="float32")

    def _add_state(
        self, name: str, value: float, dtype: str | None = None
    ) -> keras.Variable:
        """Create a scalar variable that is not trained."""
        return self.add_weight(
            (),
            keras.initializers.Constant(value),
            dtype=dtype,
            trainable=False,
            autocast=False,
            name=name,
            aggregation="only_first_replica",
        )
