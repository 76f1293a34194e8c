"""How a search ends at what its budget allows."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from ntaa_tf.search.budget import Budget
from ntaa_tf.search.measured_options import MeasuredOptions
from ntaa_tf.search.schedule import find_last_epochs


class EndWithinBudget(keras.callbacks.Callback):
    """Makes a search end at the architecture that is derived under a budget.

    From the first whole epoch on in which the mixture goes to the largest
    logits, which rest then, or from the last epoch, those of the derived
    architecture have changed places with them. It is found by measuring what
    each option is worth.

    Args:
        budget: of the supernet that is searched.
        batches: gives some batches of images and labels that the logits
            learn from.
    """

    def __init__(self, budget: Budget, batches: Callable[[], Sequence[Any]]):
        super().__init__()
        self._budget = budget
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Derive, and exchange logits."""
        if epoch < find_last_epochs(self.params["epochs"]):
            return
        options = {choice.name: choice.winner for choice in self.model.choices}
        if self._budget.keeps(options):
            return
        measured = MeasuredOptions(self.model, self._batches())
        options = measured.choose(self._budget)
        for choice in self.model.choices:
            choice.promote(options[choice.name])
