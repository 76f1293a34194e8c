"""Choose options within a budget by the loss increase measured for each."""

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
LARGEST = 1e3  # Stands for a loss that is not finite.
# Smallest price of a change. With a price of 0 the program would be free to
# make changes that no limit asks for.
LEAST = 1e-4

Change = tuple[str, str]  # The name of a choice, and a new option for it.


class MeasuredOptions:
    """Finds options within a budget that increase the loss little.

    A logit is a local measure: the change of the loss for slightly more of an
    option in the present mixture. It says little about a network that has
    nothing else at that site. So the loss is measured with single choices
    changed.

    Let r(i, t) be the increase of the loss when choice i alone takes option t.
    Integer programming minimises Σ r(i, t_i) within the limits. This sum is
    accurate only for small changes, so the limits are approached from the
    source's costs in `STEPS` equal steps, and r is measured around the options
    of the step before.

    Args:
        supernet: a compiled supernet, after its search.
        batches: some batches of images and labels, from the data that the
            logits learn from.
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
        """Choose options within a budget; the supernet is not modified.

        Args:
            budget: the budget of the supernet.

        Returns:
            The option of each choice, by its name. These are the winners if
            they keep the limits.
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
                logger.debug("budget: step %d of %d", step, STEPS)
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
        """Choose options within the limits of one step.

        Measuring every change in every step would be slow. A change usually
        costs more the more has changed before, so the value of an earlier step
        is taken as a lower bound. The program solves with these bounds, the
        changes that it chose are measured, and it solves again. Once it
        chooses measured changes only, no other change promises less. The loop
        ends because each round measures at least one further change.

        Args:
            budget: the budget of the supernet.
            limits: the limits of this step.
            options: the option of each choice before this step.
            rises: the latest measured increase of the loss for each change;
                updated in place.
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
        """Return the scores to maximise: minus the increase of the loss.

        An unchanged choice scores 0. A change scores at most −`LEAST`, even if
        it lowered the loss on these few batches or was never measured.
        """
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
        """Return the loss of the network that consists of these options.

        The random state is restored first, so noise and dropout are the same
        in every measurement.
        """
        self._restore()
        for choice in self._supernet.choices:
            choice.choose(options[choice.name])
        losses = [float(self._compute(*batch)) for batch in self._batches]
        mean = sum(losses) / len(losses)
        loss: float = agree(mean)  # All workers must choose the same options.
        return min(loss, LARGEST) if math.isfinite(loss) else LARGEST

    def _restore(self) -> None:
        """Restore batch-norm statistics, random states, κ, ρ and τ."""
        for variable, value in self._state:
            variable.assign(value)

    def _compute_loss(self, images: Any, labels: Any) -> Any:
        """Compute the loss of a batch without penalties.

        Batch norm uses the statistics of the batch: the moving statistics
        belong to the mixture, not to this network.
        """
        supernet = self._supernet
        predictions = supernet(images, training=True)
        loss = supernet.compute_architecture_loss(images, labels, predictions)
        return restore_loss(loss) - sum(supernet.losses)
