"""How a search takes back what validation says it should not have changed."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras

from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.schedule import find_last_epochs

# By how much a score, a share of 1, has to gain; less may be chance.
LEAST_GAIN = 0.02


class EndValidated(keras.callbacks.Callback):
    """Takes back changes that cost a network its accuracy.

    A mixture can lean on an operation that can't stand alone. So once, before
    the first whole epoch in which the mixture goes to the largest logits, or
    before the last, the network of these is measured; and again with each
    changed choice, one after the other, taken back to the source's own. What
    gains enough so stays taken back: its logit changes places with the
    largest.

    Args:
        measure: gives the score of the supernet as it is now mixed; larger is
            better, 1 is perfect.
        allows: whether an architecture may be chosen, by the option of each
            choice; by default all.
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
        """Measure, and exchange logits."""
        if epoch != find_last_epochs(self.params["epochs"]):
            return
        self.model.settle()
        score = self._measure()
        for choice in self.model.choices:
            if choice.changed:
                score = self._try_source(choice, score)
        self.model.anneal()

    def _try_source(self, choice: Choice, score: float) -> float:
        """Take a choice back if that gains enough; give the score then."""
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
