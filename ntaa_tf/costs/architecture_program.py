"""Integer program over all architectures of a supernet and their costs."""

import math
from collections.abc import Iterator
from collections.abc import Mapping

import numpy as np

from ntaa_tf.costs.depth_rows import DepthRows
from ntaa_tf.costs.depth_steps import count_savings
from ntaa_tf.costs.depth_steps import list_steps
from ntaa_tf.costs.depth_steps import measure_depths
from ntaa_tf.costs.integer_program import ONE
from ntaa_tf.costs.integer_program import Expression
from ntaa_tf.costs.integer_program import IntegerProgram
from ntaa_tf.costs.integer_program import Row
from ntaa_tf.costs.integer_program import add_up
from ntaa_tf.costs.network import CostNetwork
from ntaa_tf.costs.nodes import FIXED
from ntaa_tf.costs.use_rows import UseRows

# Tightening of the relaxation: most rounds, architectures drawn in each, and
# the violation from which a row is added.
ROUNDS = 50
DRAWS = 5
VIOLATION = 1e-3

Options = dict[str, str]  # The option of each choice.


class ArchitectureProgram:
    """Solver for the best, or the cheapest, architecture within limits.

    Every cost is a linear expression Σ cost[k, o] · u[k, o] in the variables
    of `UseRows`, or the depth variable of `DepthRows`. A limit is a row.

    Args:
        network: the supernet.
    """

    def __init__(self, network: CostNetwork):
        self._program = IntegerProgram()
        uses = UseRows(self._program, network)
        self._taken = uses.taken
        self._steps, of_calls = list_steps(network.nodes)
        # Steps for ordinary readers: nothing behind an output completes a pair.
        self._outputs = [of_calls[call] for call in network.outputs]
        self._depth = DepthRows(
            self._program, self._steps, self._outputs, self._taken
        ).depth
        used = list(zip(network.nodes, uses.used, strict=True))
        self._costs: dict[str, Expression] = {
            "macs": add_up(
                (variable, node.alternatives[option].cost.macs)
                for node, variables in used
                for option, variable in variables.items()
            ),
            # By layers, not by calls: shared layers have one set of weights.
            "parameters": add_up(
                (variable, node.alternatives[option].cost.parameters)
                for node, variables in uses.merge_calls()
                for option, variable in variables.items()
            ),
            "weight_free": add_up(
                (variable, node.alternatives[option].weight_free)
                for node, variables in used
                for option, variable in variables.items()
            ),
            "depth": {self._depth: 1},
            # Fixed calls are measured all at once: they are the constant.
            "latency_ms": {ONE: network.latency_ms}
            | add_up(
                (variable, node.alternatives[option].latency_ms)
                for node, variables in used
                for option, variable in variables.items()
                if node.choice != FIXED
            ),
        }

    def maximize(
        self,
        scores: Mapping[str, Mapping[str, float]],
        limits: Mapping[str, float],
    ) -> Options | None:
        """Find the architecture with the largest sum of scores.

        Args:
            scores: for each choice, by name, the score of each option.
            limits: upper limits of costs, by name.

        Returns:
            The option of each choice, or None if no architecture keeps the
            limits.
        """
        objective = {
            self._taken[choice][option]: -score
            for choice, of_options in scores.items()
            for option, score in of_options.items()
        }
        return self._solve(objective, limits)

    def minimize(
        self, cost: str, limits: Mapping[str, float]
    ) -> Options | None:
        """Find an architecture with the smallest cost.

        Args:
            cost: name of the cost.
            limits: upper limits of costs, by name.

        Returns:
            The option of each choice, or None if no architecture keeps the
            limits.
        """
        expression, _, _ = _shorten(self._costs[cost])
        return self._solve(expression, limits)

    def _solve(
        self, objective: Expression, limits: Mapping[str, float]
    ) -> Options | None:
        rows = [_limit(self._costs[k], limit) for k, limit in limits.items()]
        if "depth" in limits or self._depth in objective:
            self._tighten(objective, rows)
        values = self._program.minimize(objective, rows)
        return None if values is None else self._round(values)

    def _tighten(self, objective: Expression, rows: list[Row]) -> None:
        """Add cutting planes for the depth.

        In the linear relaxation, half an option here and half an input there
        make a path look shorter than it is in any architecture. Without cuts,
        branch and bound would try nearly every architecture.

        Each round solves the relaxation, takes whole architectures near its
        solution, and adds the rows of `_bound_depth` that the solution
        violates. These rows hold for all architectures, so they stay in the
        program for later calls.
        """
        rng = np.random.default_rng(0)  # The same answer in every run.
        for _ in range(ROUNDS):
            values = self._program.minimize(objective, rows, relaxed=True)
            if values is None:
                return
            violated = [
                row
                for options in self._draw(values, rng)
                for row in [self._bound_depth(options)]
                if sum(c * values[k] for k, c in row[0].items())
                < row[1] - VIOLATION
            ]
            if not violated:
                return
            for row in violated:
                self._program.add_row(*row)

    def _draw(
        self, values: np.ndarray, rng: np.random.Generator
    ) -> Iterator[Options]:
        """Draw architectures near a fractional solution.

        The first takes the largest option of each choice. The others draw an
        option with the probability t, as in randomized rounding.
        """
        yield self._round(values)
        for _ in range(DRAWS):
            yield {
                choice: str(
                    rng.choice(
                        list(options),
                        p=_normalize(values[list(options.values())]),
                    )
                )
                for choice, options in self._taken.items()
            }

    def _round(self, values: np.ndarray) -> Options:
        """Take the option with the largest t of each choice."""
        return {
            choice: max(options, key=lambda option: values[options[option]])
            for choice, options in self._taken.items()
            if choice != FIXED
        }

    def _bound_depth(self, options: Options) -> Row:
        """Build the row D + Σ saving[c, o] · t[c, o] ≥ d of an architecture.

        D is the depth variable, and d the depth of the given options. With
        the savings of `count_savings` the row holds for every architecture,
        and with equality for the given one.
        """
        depths = measure_depths(self._steps, options)
        deepest = max(self._outputs, key=lambda output: depths[output])
        savings = count_savings(self._steps, depths, deepest)
        row: dict[int, float] = {self._depth: 1}
        for (choice, option), saving in savings.items():
            row[self._taken[choice][option]] = saving
        return row, depths[deepest], math.inf


def _limit(expression: Expression, limit: float) -> Row:
    """Build the row: expression ≤ limit."""
    shortened, constant, divisor = _shorten(expression)
    upper = (limit - constant) / divisor
    if _is_integral(expression):
        # The sum is whole: below n + 0.5 means at most n, and no rounding
        # error of the solver can decide otherwise.
        upper = math.floor(upper) + 0.5
    return shortened, -math.inf, upper


def _shorten(expression: Expression) -> tuple[Expression, float, int]:
    """Split off the constant, and divide by the greatest common divisor.

    The solver lets a row be off by 1e-6, and loses digits in sums of billions
    of MACs. Coefficients that are divided by their divisor stay small. Only
    integer coefficients are divided.

    Returns:
        The remaining expression, the constant, and the divisor.
    """
    variable = {k: v for k, v in expression.items() if k != ONE and v}
    divisor = 1
    if _is_integral(variable):
        divisor = math.gcd(*map(int, variable.values())) or 1
        variable = {k: v // divisor for k, v in variable.items()}
    return variable, expression.get(ONE, 0), divisor


def _is_integral(expression: Expression) -> bool:
    return all(isinstance(number, int) for number in expression.values())


def _normalize(values: np.ndarray) -> np.ndarray:
    shares = np.maximum(values, 0)
    return shares / shares.sum()
