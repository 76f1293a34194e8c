"""Which options a budget takes: by what the loss says of each of them."""

import logging
import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from ntaa_tf.costs.architecture_program import Options
from ntaa_tf.distribute import agree
from ntaa_tf.distribute import restore_loss
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.supernet import Supernet

logger = logging.getLogger(__name__)

STEPS = 8
LARGEST = 1e3  # What a loss that is not finite counts as.
LEAST = 1e-4  # What a change costs that costs nothing: of such, few are made.

Change = tuple[str, str]  # A choice, and an option for it.


class MeasuredOptions:
    """Finds options within a budget that raise the loss little.

    A logit says how a little more of an option would change the loss where the
    mixture is now, not what becomes of a network that has nothing else there.
    So the loss is measured with a single choice changed, and integer
    programming minimizes the sum of what all changes cost. As that is true of
    small changes only, the limits are approached in steps from the source's
    costs on.

    Args:
        supernet: compiled, and searched.
        batches: some batches of images and labels that the logits learn from.
    """

    def __init__(self, supernet: Supernet, batches: Sequence[Any]):
        self._supernet = supernet
        self._batches = batches
        self._state = [
            (variable, variable.numpy())
            for variable in supernet.non_trainable_variables
        ]
        self._compute = tf.function(self._compute_loss, reduce_retracing=True)

    def choose(self, budget: Budget) -> Options:
        """Choose; the supernet is left as it is.

        Args:
            budget: of the supernet.

        Returns:
            The option of each choice, by its name: the winners, if they keep
            the limits.
        """
        supernet = self._supernet
        options = {choice.name: choice.winner for choice in supernet.choices}
        rises: dict[Change, float] = {}
        logits = [variable.numpy() for variable in supernet.logits]
        try:
            for step in range(STEPS + 1):
                limits = budget.approach(step / STEPS)
                if not budget.keeps(options, limits):
                    options = self._move(budget, limits, options, rises)
                logger.info("step %d of %d to the limits", step, STEPS)
        finally:
            for variable, value in zip(supernet.logits, logits, strict=True):
                variable.assign(value)
            self._restore()
            supernet.reset_metrics()
        return options

    def _move(
        self,
        budget: Budget,
        limits: Mapping[str, float],
        options: Options,
        rises: dict[Change, float],
    ) -> Options:
        """Choose within limits, by what was measured around some options.

        Args:
            budget: of the supernet.
            limits: what is to be kept now.
            options: the option of each choice until now.
            rises: of the loss by each change, as last measured. The more was
                changed before, the more a change costs, so that only what is
                chosen by these has to be measured again.
        """
        loss = self._measure(options)
        measured: set[Change] = set()
        while True:
            chosen = budget.choose_by(self._score(options, rises), limits)
            changes = {
                change
                for change in chosen.items()
                if change not in options.items()
            }
            if changes <= measured:
                return chosen
            for choice, option in sorted(changes - measured):
                changed = self._measure({**options, choice: option})
                rises[choice, option] = changed - loss
            measured |= changes

    def _score(
        self, options: Options, rises: Mapping[Change, float]
    ) -> dict[str, dict[str, float]]:
        """Give by how much each option lowers the loss: never, at best."""
        return {
            choice.name: {
                option: 0.0
                if option == options[choice.name]
                else -max(rises.get((choice.name, option), LEAST), LEAST)
                for option in choice.options
            }
            for choice in self._supernet.choices
        }

    def _measure(self, options: Options) -> float:
        """Give the loss of the network that has these options alone.

        Noise and dropout are the same each time.
        """
        self._restore()
        for choice in self._supernet.choices:
            choice.choose(options[choice.name])
        losses = [float(self._compute(*batch)) for batch in self._batches]
        mean = sum(losses) / len(losses)
        loss: float = agree(mean)  # All workers choose by the same.
        return min(loss, LARGEST) if math.isfinite(loss) else LARGEST

    def _restore(self) -> None:
        """Put back what moves in a forward pass, and what mixes."""
        for variable, value in self._state:
            variable.assign(value)

    def _compute_loss(self, images: Any, labels: Any) -> Any:
        """Give the loss of a batch, with its own statistics, no penalties."""
        supernet = self._supernet
        predictions = supernet(images, training=True)
        loss = supernet.compute_architecture_loss(images, labels, predictions)
        return restore_loss(loss) - sum(supernet.losses)
