"""How a search ends at what its budget allows."""

from typing import Any

import keras

from ntaa_tf.search.budget import Budget
from ntaa_tf.search.schedule import END_SHARE


class EndWithinBudget(keras.callbacks.Callback):
    """Makes a search end at the architecture that is derived under a budget.

    From the first epoch on in which the mixture goes to the largest logits,
    which rest then, those of the derived architecture have changed places with
    them.

    Args:
        budget: of the supernet that is searched.
    """

    def __init__(self, budget: Budget):
        super().__init__()
        self._budget = budget

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Derive, and exchange logits."""
        if epoch / self.params["epochs"] < 1 - END_SHARE:
            return
        options = self._budget.choose(self.model)
        for choice in self.model.choices:
            choice.promote(options[choice.name])
