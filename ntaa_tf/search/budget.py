"""Budgets: limits on the costs of a derived model."""

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
from ntaa_tf.search.replacements import input_name
from ntaa_tf.search.supernet import Supernet

# Tolerance for the solver's rounding of latencies, in milliseconds. All other
# costs are whole numbers, for which it makes no difference.
TOLERANCE = 1e-6

# Advantage of the source's option among equal ones. It is larger than the
# solver's tolerance, and smaller than a difference that the logits learn.
TIE = 1e-4


class Budget:
    """Limits on the costs of the collapsed model of a supernet.

    Args:
        supernet: a supernet, searched or not. Its weights and its logits are
            not used.
        limits: the largest allowed cost, by name: any of `macs`, `parameters`,
            `depth` and `latency_ms`.
        latency: the latency of each option; needed for `latency_ms` only.

    Raises:
        ValueError: if a limit is unknown, or no architecture keeps all limits.

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
                "`limits` can't include the depth of this model: some of its "
                "sites are inside or before all of squeeze-and-excitation, so "
                "their operations decide which layers count into the depth. "
                f"Limit another cost. Received: {self.limits}."
            )
        self._program = ArchitectureProgram(self._network)
        self._check()

    def choose(self, supernet: Supernet) -> Options:
        """Choose the options with the largest Σ log p within the limits.

        Args:
            supernet: the supernet of this budget, after its search.

        Returns:
            The option of each choice, by its name. These are the winners if
            they keep the limits.
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
        """Choose the options with the largest sum of scores within limits.

        Args:
            scores: the score of each option, by choice and option.
            limits: limits at or above those of this budget, which are the
                default.
        """
        limits = limits or self.limits
        chosen = self._program.maximize(scores, limits)
        # With limits at or above the budget's, which `_check` proved feasible,
        # a solution exists. A rounding error of the solver must not pass.
        if chosen is None or not self.keeps(chosen, limits):
            raise RuntimeError(
                "The solver failed. Expected an architecture that keeps "
                f"{limits}. Received: {chosen}."
            )
        return chosen

    def approach(self, share: float) -> dict[str, float]:
        """Return limits between the source's costs and this budget's limits.

        limit + (1 − share) · max(0, source − limit), so that a limit above the
        source's cost stays as it is.

        Args:
            share: share of the way from the source's costs, at 0, to the
                limits, at 1.
        """
        return {
            name: limit + (1 - share) * max(0.0, self.source[name] - limit)
            for name, limit in self.limits.items()
        }

    @functools.cached_property
    def source(self) -> dict[str, float]:
        """Each limited cost of the source model."""
        return self._cost(self._network.source)

    def predict(self, architecture: Architecture) -> dict[str, float]:
        """Return each limited cost of an architecture's collapsed model."""
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
        """Return whether an architecture keeps the limits.

        Args:
            options: the option of each choice, by its name.
            limits: other limits on the same costs; by default this budget's.
        """
        return not _exceed(self._cost(options), limits or self.limits)

    def _cost(self, options: Mapping[str, str]) -> dict[str, float]:
        costs = self._network.evaluate(options)
        return {name: costs[name] for name in self.limits}

    def _check(self) -> None:
        """Check that some architecture keeps all limits.

        Each cost is minimised alone first: a limit below that minimum can't be
        met at all. Then each cost is minimised within the other limits: all
        these minima keep their limits if and only if the limits hold together.
        """
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
        """Return the smallest value of a cost, or infinity if limits clash."""
        options = self._program.minimize(name, limits)
        return self._network.evaluate(options)[name] if options else math.inf


def score_options(supernet: Supernet) -> dict[str, dict[str, float]]:
    """Return log p of each option of each choice, with p = softmax(θ).

    An option wins only if its p exceeds that of the source's option by the
    choice's `confidence`. The same rule holds here: the source's score is
    log(p_source + confidence), plus a little, so that it wins among equals.
    """
    scores = {}
    for choice in supernet.choices:
        logits = ops.convert_to_numpy(choice.logits).astype("float64")
        # log softmax without overflow: log p = θ − max θ − log Σ e^(θ − max θ).
        shifted = logits - logits.max()
        log_p = shifted - np.log(np.sum(np.exp(shifted)))
        log_p[0] = np.logaddexp(log_p[0], _log(choice.confidence)) + TIE
        scores[choice.name] = dict(
            zip(choice.options, map(float, log_p), strict=True)
        )
    return scores


def measure_probabilities(supernet: Supernet) -> dict[str, dict[str, float]]:
    """Return exp(score) of each option of each choice; see `score_options`."""
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
    """Return the costs that exceed their limits."""
    return {
        name: cost
        for name, cost in costs.items()
        if cost > limits[name] + TOLERANCE
    }


def _others(limits: Mapping[str, float], name: str) -> dict[str, float]:
    return {other: most for other, most in limits.items() if other != name}


def _impossible(
    limits: Mapping[str, float], smallest: Mapping[str, float], reason: str
) -> ValueError:
    """Make the error for limits that no architecture keeps.

    Args:
        limits: all limits.
        smallest: the smallest value of each cost that exceeds its limit.
        reason: the words before each smallest value.
    """
    received = "; ".join(
        f"{name} at most {limits[name]:,.10g}, but {reason} {least:,.10g}"
        for name, least in smallest.items()
    )
    return ValueError(
        f"No architecture keeps the budget: {received}. Raise these limits."
    )
