"""What a derived model may cost."""

import functools
import math
from collections.abc import Mapping

import numpy as np
from keras import ops

from ntaa_tf.architecture import Architecture
from ntaa_tf.costs.architecture_program import ArchitectureProgram
from ntaa_tf.costs.architecture_program import Options
from ntaa_tf.costs.latency_table import LatencyTable
from ntaa_tf.costs.measurement import measure_network
from ntaa_tf.costs.network import COSTS
from ntaa_tf.search.insertion import input_name
from ntaa_tf.search.supernet import Supernet

# Milliseconds that the solver may be off; other costs are whole numbers.
TOLERANCE = 1e-6

# More than what the solver takes for equal, less than what a logit says.
TIE = 1e-4


class Budget:
    """Limits on the costs of what a supernet collapses into.

    Args:
        supernet: searched or not; its weights and logits do not matter.
        limits: the most that each cost may be: `macs`, `parameters`, `depth`
            and `latency_ms`, of which any may be left out.
        latency: how long each option takes; only `latency_ms` needs it.

    Raises:
        ValueError: if a limit can't be kept, by itself or with the others, or
            can't be told.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    >>> conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    >>> source = keras.Model(inputs, conv(hidden))
    >>> supernet = insert_mixed_ops(source, candidates="conv1x1")
    >>> budget = Budget(supernet, {"macs": 8000})
    >>> architecture = derive(supernet, budget)
    >>> budget.predict(architecture)
    {'macs': 7936}
    """

    def __init__(
        self,
        supernet: Supernet,
        limits: Mapping[str, float],
        latency: LatencyTable | None = None,
    ):
        _check_names(limits, latency)
        self.limits = dict(limits)
        self._network = measure_network(supernet, latency)
        if "depth" in limits and not self._network.has_fixed_depths:
            raise ValueError(
                "Invalid value for `limits`. Expected none of the depth where "
                "sites are inside or before all of squeeze-and-excitation: "
                "what they become decides which layers count into the depth. "
                f"Received: {self.limits}."
            )
        self._program = ArchitectureProgram(self._network)
        self._check()

    def choose(self, supernet: Supernet) -> Options:
        """Choose the options of the largest Σ log p that keep the limits.

        Args:
            supernet: the supernet of this budget, searched.

        Returns:
            The option of each choice, by its name: the winners, if they keep
            the limits.
        """
        winners = {choice.name: choice.winner for choice in supernet.choices}
        if self.keeps(winners):
            return winners
        return self.choose_by(score_options(supernet))

    def choose_by(
        self,
        scores: Mapping[str, Mapping[str, float]],
        limits: Mapping[str, float] | None = None,
    ) -> Options:
        """Choose the options of the largest sum of scores within limits.

        Args:
            scores: of each option of each choice, by their names.
            limits: none below those of this budget, which they are by default.
        """
        limits = limits or self.limits
        chosen = self._program.maximize(scores, limits)
        if chosen is None or not self.keeps(chosen, limits):
            raise RuntimeError(
                "The solver failed. Expected an architecture that keeps "
                f"{limits}. Received: {chosen}."
            )
        return chosen

    def approach(self, share: float) -> dict[str, float]:
        """Give limits on the way from the source's costs to this budget's.

        Args:
            share: of the way that is gone: 0 gives what the source costs, or
                the limits where they are above that; 1 gives the limits.
        """
        return {
            name: limit + (1 - share) * max(0.0, self.source[name] - limit)
            for name, limit in self.limits.items()
        }

    @functools.cached_property
    def source(self) -> dict[str, float]:
        """Each limited cost of the source."""
        return self._cost(self._network.source)

    def predict(self, architecture: Architecture) -> dict[str, float]:
        """Give each limited cost of what an architecture collapses into."""
        options: dict[str, str] = {}
        for name, site in architecture.sites.items():
            options |= {
                name: site.candidate,
                input_name(name): str(site.reads),
            }
        return self._cost(options)

    def keeps(
        self,
        options: Mapping[str, str],
        limits: Mapping[str, float] | None = None,
    ) -> bool:
        """Say whether an architecture keeps the limits.

        Args:
            options: the option of each choice, by its name.
            limits: other ones than this budget's, on the same costs.
        """
        return not _exceed(self._cost(options), limits or self.limits)

    def _cost(self, options: Mapping[str, str]) -> dict[str, float]:
        costs = self._network.evaluate(options)
        return {name: costs[name] for name in self.limits}

    def _check(self) -> None:
        """Raise a ValueError unless some architecture keeps all limits."""
        alone = {name: self._find_smallest(name, {}) for name in self.limits}
        beyond = _exceed(alone, self.limits)
        if beyond:
            raise _impossible(self.limits, beyond, "the smallest reachable is")
        together = {
            name: self._find_smallest(name, _others(self.limits, name))
            for name in self.limits
        }
        within = _exceed(together, self.limits)
        if within:
            raise _impossible(
                self.limits, within, "the smallest within the others is"
            )

    def _find_smallest(self, name: str, limits: Mapping[str, float]) -> float:
        """Find the least that a cost can be, infinity if limits clash."""
        options = self._program.minimize(name, limits)
        return self._network.evaluate(options)[name] if options else math.inf


def score_options(supernet: Supernet) -> dict[str, dict[str, float]]:
    """Give log p of each option of each choice, p = softmax(θ).

    The lead that `confidence` asks for over the source's own option is added
    to the probability of that. Of equal options it is the better one.
    """
    scores = {}
    for choice in supernet.choices:
        logits = ops.convert_to_numpy(choice.logits).astype("float64")
        shifted = logits - logits.max()
        log_p = shifted - np.log(np.sum(np.exp(shifted)))
        log_p[0] = np.logaddexp(log_p[0], _log(choice.confidence)) + TIE
        scores[choice.name] = dict(
            zip(choice.options, map(float, log_p), strict=True)
        )
    return scores


def measure_probabilities(supernet: Supernet) -> dict[str, dict[str, float]]:
    """Give what a budget judges each option of each choice by, as e^score."""
    return {
        choice: {option: math.exp(score) for option, score in scores.items()}
        for choice, scores in score_options(supernet).items()
    }


def _log(share: float) -> float:
    return math.log(share) if share else -math.inf


def _check_names(
    limits: Mapping[str, float], latency: LatencyTable | None
) -> None:
    known = [name for name in COSTS if latency or name != "latency_ms"]
    unknown = sorted(set(limits) - set(known))
    if unknown:
        raise ValueError(
            f"Invalid value for `limits`. Expected limits of {known}"
            f"{'' if latency else ', of latency_ms with a latency table only'}"
            f". Received: limits of {unknown}."
        )


def _exceed(
    costs: Mapping[str, float], limits: Mapping[str, float]
) -> dict[str, float]:
    """Give those of the costs that are beyond their limits."""
    return {
        name: cost
        for name, cost in costs.items()
        if cost > limits[name] + TOLERANCE
    }


def _others(limits: Mapping[str, float], name: str) -> dict[str, float]:
    return {other: most for other, most in limits.items() if other != name}


def _impossible(
    limits: Mapping[str, float], smallest: Mapping[str, float], what: str
) -> ValueError:
    received = "; ".join(
        f"{name} at most {limits[name]:,.10g}, but {what} {least:,.10g}"
        for name, least in smallest.items()
    )
    return ValueError(
        "Invalid budget. Expected limits that some architecture keeps. "
        f"Received: {received}."
    )
