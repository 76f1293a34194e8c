"""Which options a budget may take: by what the loss says of each of them."""

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from ntaa_tf.costs.architecture_program import Options
from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.joint import Supernet

ROUNDS = 3
LARGEST = 1e3  # What a loss that is not finite counts as.


class MeasuredOptions:
    """Finds the options within a budget that raise the loss least.

    A logit says how a little more of an option would change the loss where the
    mixture is now, not what becomes of a network that has nothing else there.
    So the limits are approached in rounds; in each the loss is measured with
    every single choice changed, and the sum of the changes is minimized by
    integer programming.

    Args:
        supernet: compiled, and searched.
        batches: some batches of images and labels that the logits learn from.
    """

    def __init__(self, supernet: Supernet, batches: Sequence[Any]):
        self._supernet = supernet
        self._batches = batches
        self._loss = tf.function(self._compute_loss, reduce_retracing=True)

    def choose(self, budget: Budget) -> Options:
        """Choose; the supernet is left as it is.

        Args:
            budget: of the supernet.

        Returns:
            The option of each choice, by its name: the winners, if they keep
            the limits.
        """
        supernet, choices = self._supernet, self._supernet.choices
        state = [*supernet.non_trainable_variables, *supernet.logits]
        values = [variable.numpy() for variable in state]
        options = {choice.name: choice.winner for choice in choices}
        try:
            for left in range(ROUNDS - 1, -1, -1):
                if budget.keeps(options):
                    break
                limits = budget.approach(options, 1 / (left + 1))
                options = budget.choose_by(self._score(options), limits)
        finally:
            for variable, value in zip(state, values, strict=True):
                variable.assign(value)
            supernet.reset_metrics()
        return options

    def _score(self, options: Options) -> dict[str, dict[str, float]]:
        """Give by how much each option, alone, lowers the loss."""
        choices = self._supernet.choices
        for choice in choices:
            choice.choose(options[choice.name])
        loss = self._measure()
        return {
            choice.name: {
                option: loss - self._measure_with(choice, option, loss, options)
                for option in choice.options
            }
            for choice in choices
        }

    def _measure_with(
        self, choice: Choice, option: str, loss: float, options: Options
    ) -> float:
        own = options[choice.name]
        if option == own:
            return loss
        choice.choose(option)
        measured = self._measure()
        choice.choose(own)
        return measured

    def _measure(self) -> float:
        losses = [float(self._loss(*batch)) for batch in self._batches]
        mean = sum(losses) / len(losses)
        return min(mean, LARGEST) if math.isfinite(mean) else LARGEST

    def _compute_loss(self, images: Any, labels: Any) -> Any:
        """Give the loss of a batch, with its own statistics, no penalties."""
        supernet = self._supernet
        predictions = supernet(images, training=True)
        loss = supernet.compute_architecture_loss(images, labels, predictions)
        return loss - sum(supernet.losses)
