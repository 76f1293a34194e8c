"""Callbacks that change winners before the mixture moves to the argmax.

Both run at the first whole epoch of the last quarter of a search. From then on
the logits rest, so the winners of that epoch are the derived architecture.
"""

import math
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras

from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.measured_options import MeasuredOptions
from ntaa_tf.search.schedule import END_SHARE

# Smallest increase of the score, from 0 to 1, for which a choice goes back to
# the source's option. A smaller one may be chance.
LEAST_GAIN = 0.02


def find_last_epochs(epochs: int) -> int:
    """Return the first whole epoch in which ρ rises, else the last epoch.

    Args:
        epochs: number of epochs of the search.

    Example:
    >>> find_last_epochs(8), find_last_epochs(10), find_last_epochs(1)
    (6, 8, 0)
    """
    return min(math.ceil((1 - END_SHARE) * epochs), epochs - 1)


class EndWithinBudget(keras.callbacks.Callback):
    """Ends a search at an architecture that keeps a budget.

    If the winners exceed the budget, the callback derives an architecture
    within it, by the measured loss increase of each option. The logit of each
    chosen option then changes places with the largest logit.

    Args:
        budget: the budget of the supernet.
        batches: a function that returns some batches of images and labels
            from the data that the logits learn from.
    """

    def __init__(self, budget: Budget, batches: Callable[[], Sequence[Any]]):
        super().__init__()
        self._budget = budget
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Derive an architecture within the budget and promote its options."""
        if epoch < find_last_epochs(self.params["epochs"]):
            return
        options = {choice.name: choice.winner for choice in self.model.choices}
        if self._budget.keeps(options):
            return
        measured = MeasuredOptions(self.model, self._batches())
        options = measured.choose(self._budget)
        for choice in self.model.choices:
            choice.promote(options[choice.name])


class EndValidated(keras.callbacks.Callback):
    """Reverts changes that cost the network accuracy on held-out data.

    A mixture can depend on an operation that fails on its own. So the network
    of the winners is measured once, and again with each changed choice reverted
    to the source's option, one after the other. A revert is kept if it raises
    the score by `LEAST_GAIN`: the source's logit then changes places with the
    largest logit.

    Args:
        measure: a function that returns the score of the supernet with its
            present mixture, at most 1. Larger is better.
        allows: a function that returns whether an architecture may be chosen,
            given the option of each choice. All are allowed by default.
    """

    def __init__(
        self,
        measure: Callable[[], float],
        allows: Callable[[Mapping[str, str]], bool] | None = None,
    ):
        super().__init__()
        self._measure = measure
        self._allows = allows or (lambda options: True)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Measure the network and revert changes."""
        if epoch != find_last_epochs(self.params["epochs"]):
            return
        self.model.settle()
        score = self._measure()
        for choice in self.model.choices:
            if choice.changed:
                score = self._try_source(choice, score)
        self.model.anneal()

    def _try_source(self, choice: Choice, score: float) -> float:
        """Revert a choice to the source's option if that raises the score.

        Args:
            choice: a choice whose winner is not the source's option.
            score: the score with this winner.

        Returns:
            The score of the network as it is left.
        """
        logits = choice.logits.numpy().copy()
        choice.promote(choice.options[0])
        choice.settle()
        options = {other.name: other.winner for other in self.model.choices}
        if self._allows(options):
            without = self._measure()
            if without >= score + LEAST_GAIN:
                return without
        choice.logits.assign(logits)
        choice.settle()
        return score
