"""The burden of proof: changes stay if held-out examples say they earn it."""

import dataclasses
import logging
import math
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from scipy import stats

from ntaa_tf.costs.network import CostNetwork
from ntaa_tf.distribute import agree
from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.storage.metric_records import EVERY_CHANGE
from ntaa_tf.storage.metric_records import Judgement

CONFIDENCE = 0.8  # Of the one-sided interval of a gain.

logger = logging.getLogger(__name__)


class BurdenOfProof:
    """Reverts each change of a supernet that does not earn its price.

    The network of the winners is compared, example by example, with the same
    network with one change reverted. A change stays if the lower end of what
    it gains is above its price: a share of the loss for each doubling of the
    MACs. For an operation that saves MACs the price is negative, so it may
    lose something. The weakest change goes first, because what the others are
    worth without it is measured anew. At the end the changes that stayed are
    judged together, against the source's own network.

    Args:
        supernet: a supernet at the end of its search.
        measure: a function that returns the losses of held-out examples by the
            present network, with re-estimated batch norm.
        price: share of the held-out loss that a doubling of the MACs has to
            save.
        network: costs of the supernet's architectures.
        allows: a function that returns whether an architecture may be chosen,
            given the option of each choice. All are allowed by default.
    """

    def __init__(
        self,
        supernet: Supernet,
        measure: Callable[[], np.ndarray],
        price: float,
        network: CostNetwork,
        allows: Callable[[Mapping[str, str]], bool] | None = None,
    ):
        self._supernet = supernet
        self._measure = measure
        self._price = price
        self._network = network
        self._allows = allows or (lambda options: True)
        self._tried: dict[str, tuple[Judgement, np.ndarray]] = {}

    def judge(self) -> list[Judgement]:
        """Judge every change, and revert those that don't earn their price.

        Returns:
            The judgement of each change, the weakest first; then that of all
            changes that stayed, if any did.
        """
        self._supernet.settle()
        changed = [c for c in self._supernet.choices if c.changed]
        if not changed:
            return []
        self._losses = self._measure()
        weakest_first = sorted(changed, key=lambda c: self._try([c]).margin)
        judgements = [self._decide([choice]) for choice in weakest_first]
        kept = [choice for choice in changed if choice.changed]
        if len(kept) > 1:
            together = self._decide(kept)
            judgements = [
                dataclasses.replace(each, stays=each.stays and together.stays)
                for each in judgements
            ] + [together]
        _log(judgements)
        return judgements

    def _decide(self, changed: Sequence[Choice]) -> Judgement:
        """Keep changes, or revert them all."""
        judgement = self._try(changed)
        if not judgement.stays:
            _, self._losses = self._tried[judgement.choice]
            _revert(changed)
            self._tried.clear()  # The others were judged beside these.
        return judgement

    def _try(self, changed: Sequence[Choice]) -> Judgement:
        """Judge changes by the network without them; leave them in place."""
        name = changed[0].name if len(changed) == 1 else EVERY_CHANGE
        if name in self._tried:
            return self._tried[name][0]
        option = changed[0].winner if len(changed) == 1 else ""
        logits = [choice.logits.numpy().copy() for choice in changed]
        macs = self._count_macs()
        _revert(changed)
        doublings = math.log2(macs / self._count_macs())
        is_allowed = self._allows(self._options)
        losses = self._measure() if is_allowed else self._losses
        for choice, values in zip(changed, logits, strict=True):
            choice.logits.assign(values)
            choice.settle()
        loss = float(np.mean(self._losses))
        # Rounding may differ between workers; what they keep must not.
        gain, low, loss = agree([*measure_gain(losses - self._losses), loss])
        price = self._price * loss * doublings
        stays = low > price or not is_allowed
        judgement = Judgement(name, option, gain, low, price, stays)
        self._tried[name] = judgement, losses
        return judgement

    def _count_macs(self) -> float:
        return self._network.evaluate(self._options)["macs"]

    @property
    def _options(self) -> dict[str, str]:
        return {choice.name: choice.winner for choice in self._supernet.choices}


def measure_gain(gains: np.ndarray) -> tuple[float, float]:
    """Return the mean of gains, and the lower end of its interval.

    Args:
        gains: loss that each example saves (examples,), at least two.

    Example:
    >>> gain, low = measure_gain(np.array([0.0, 0.1, 0.2, 0.3]))
    >>> round(gain, 3), round(low, 3)
    (0.15, 0.096)
    """
    gain = float(np.mean(gains))
    error = float(np.std(gains, ddof=1)) / math.sqrt(len(gains))
    return gain, gain - float(stats.norm.ppf(CONFIDENCE)) * error


def _revert(changed: Sequence[Choice]) -> None:
    """Return choices to the source's own option."""
    for choice in changed:
        choice.promote(choice.options[0])
        choice.settle()


def _log(judgements: Sequence[Judgement]) -> None:
    single = [each for each in judgements if each.choice != EVERY_CHANGE]
    kept = sum(each.stays for each in single)
    logger.info(
        "%d of %d changes stay: they earn their price", kept, len(single)
    )
