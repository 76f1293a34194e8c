"""A model whose mixtures anneal during `fit`, and the callback for that."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import GUMBEL
from ntaa_tf.layers.choice import RELAXATIONS
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.schedule import ENDS
from ntaa_tf.search.schedule import STARTS
from ntaa_tf.search.schedule import check_known
from ntaa_tf.search.schedule import end_pull
from ntaa_tf.search.schedule import start_pull
from ntaa_tf.search.schedule import temperature
from ntaa_tf.training.distillation import Student


class AnnealedModel(Student):
    """A functional model with choices, whose mixtures anneal during `fit`.

    The mixture moves from the source model to the architecture of the largest
    logits while `progress` moves from 0 to 1.
    """

    def compile(
        self,
        optimizer: Any = "sgd",
        *,
        relaxation: str = EXPECTATION,
        start: str = "exact",
        end: str = "exact",
        **kwargs: Any,
    ) -> None:
        """Configure the training and the annealing.

        Args:
            optimizer: optimizer of the weights.
            relaxation: see `Supernet.compile`.
            start: see `Supernet.compile`.
            end: see `Supernet.compile`.
            **kwargs: arguments of `Student.compile`.

        Raises:
            ValueError: if an option is unknown, or a network of cells has a
                relaxation that draws.
        """
        _check_options(self.choices, relaxation, start, end)
        super().compile(optimizer=optimizer, **kwargs)
        self.relaxation = relaxation
        for choice in self.choices:
            choice.relaxation = relaxation
        self.start = start
        self.end = end
        # Keras variables would be saved with the model, whose file must not
        # depend on whether it was compiled.
        self.progress, self.progress_per_step = (
            tf.Variable(
                0.0,
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            for _ in range(2)
        )

    @property
    def choices(self) -> list[Choice]:
        """The searched layers, inputs first."""
        return [layer for layer in self.layers if isinstance(layer, Choice)]

    @property
    def logits(self) -> list[keras.Variable]:
        """The logits of every choice."""
        return [choice.logits for choice in self.choices]

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Train like `keras.Model.fit`, and anneal the mixture."""
        # Annealing comes first, so that other callbacks see the mixture of the
        # present step.
        callbacks = [Annealing(), kwargs.pop("callbacks", None) or []]
        kwargs["callbacks"] = keras.tree.flatten(callbacks)
        return super().fit(*args, **kwargs)

    def anneal(self) -> None:
        """Set κ, ρ and τ of every choice from the progress of the search."""
        pulls: tuple[Any, ...] = 0.0, 0.0
        if self.relaxation != SINGLE_PATH:
            pulls = (
                start_pull(self.progress, self.start),
                end_pull(self.progress, self.end),
            )
        if self.relaxation == GUMBEL:
            pulls += (temperature(self.progress),)
        for choice in self.choices:
            choice.set_pulls(*pulls)

    def advance(self) -> None:
        """Advance the progress by one step.

        With `steps_per_execution` the callback runs only once in several steps,
        so every step advances the progress itself.
        """
        self.progress.assign_add(self.progress_per_step)

    def settle(self) -> None:
        """Make the mixture, or the drawn path, one-hot at the winners."""
        for choice in self.choices:
            choice.settle()


class Annealing(keras.callbacks.Callback):
    """Sets the progress of a model before every call of its train function.

    The exact value is set anew each time, so that the rounding errors of
    `AnnealedModel.advance` do not add up.
    """

    def on_train_begin(self, logs: Any = None) -> None:
        """Set the progress of one step."""
        if not self.params.get("steps"):
            raise ValueError(
                "`fit` received data of unknown length and no "
                "`steps_per_epoch`, but the mixture changes with every step. "
                "Set `steps_per_epoch`."
            )
        steps = self.params["steps"] * self.params["epochs"]
        self.model.progress_per_step.assign(1 / steps)

    def on_train_end(self, logs: Any = None) -> None:
        """Stop the progress."""
        self.model.progress_per_step.assign(0.0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Store the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Set the progress to its value before this batch."""
        self._set(self._epoch + batch / self.params["steps"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Set the progress and the mixture to the start of the next epoch."""
        self._set(epoch + 1)
        self.model.anneal()

    def _set(self, epochs: float) -> None:
        self.model.progress.assign(epochs / self.params["epochs"])


def _check_options(
    choices: Sequence[Choice], relaxation: str, start: str, end: str
) -> None:
    """Check the options of `compile` that have a list of allowed values."""
    check_known("relaxation", relaxation, RELAXATIONS)
    check_known("start", start, STARTS)
    check_known("end", end, ENDS)
    has_cells = any(isinstance(choice, CellChoice) for choice in choices)
    if has_cells and relaxation != EXPECTATION:
        raise ValueError(
            "Invalid value for `relaxation`. Expected "
            f"{EXPECTATION!r} with cells. Received: {relaxation!r}."
        )
