"""The callback that keeps limits before the mixture moves to the argmax.

It runs at the first whole epoch of the last quarter of a search. From then on
the logits rest, so the winners of that epoch are the derived architecture.
"""

import math
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from ntaa_tf.search.budget import Budget
from ntaa_tf.search.measured_options import MeasuredOptions
from ntaa_tf.search.schedule import END_SHARE


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
