"""All architectures of a supernet, and their costs, as an integer program."""

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

# How often the relaxed program is tightened, and from how many architectures
# that are drawn from its solution.
ROUNDS = 50
DRAWS = 5
VIOLATION = 1e-3

Options = dict[str, str]


class ArchitectureProgram:
    """Finds the best architecture within limits, or the cheapest.

    Args:
        network: the supernet.
    """

    def __init__(self, network: CostNetwork):
        self._program = IntegerProgram()
        uses = UseRows(self._program, network)
        self._taken = uses.taken
        self._steps, of_calls = list_steps(network.nodes)
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
        """Find the architecture of the largest sum of scores.

        Args:
            scores: for each choice, by its name, that of each option.
            limits: the most that each cost may be, by its name.

        Returns:
            The option of each choice, or None where no architecture fits.
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
        """Find an architecture of the smallest cost.

        Args:
            cost: its name.
            limits: the most that each cost may be, by its name.

        Returns:
            As `maximize`.
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
        """Add rows that hold anyway, but not where fractions are allowed.

        Half an option taken here and half a call read there make a path seem
        shorter than any is: without these rows the solver would have to try
        nearly every architecture.
        """
        rng = np.random.default_rng(0)
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
        """Give architectures that are near to what is partly taken."""
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
        return {
            choice: max(options, key=lambda option: values[options[option]])
            for choice, options in self._taken.items()
            if choice != FIXED
        }

    def _bound_depth(self, options: Options) -> Row:
        """Give a row: a depth, less what other options can save."""
        depths = measure_depths(self._steps, options)
        deepest = max(self._outputs, key=lambda output: depths[output])
        savings = count_savings(self._steps, depths, deepest)
        row: dict[int, float] = {self._depth: 1}
        for (choice, option), saving in savings.items():
            row[self._taken[choice][option]] = saving
        return row, depths[deepest], math.inf


def _limit(expression: Expression, limit: float) -> Row:
    """Give the row that keeps an expression at or below a limit."""
    shortened, constant, divisor = _shorten(expression)
    upper = (limit - constant) / divisor
    if _is_integral(expression):
        upper = math.floor(upper) + 0.5  # Far from where rounding decides.
    return shortened, -math.inf, upper


def _shorten(expression: Expression) -> tuple[Expression, float, int]:
    """Take the constant out, and divide whole numbers by what divides all.

    Small numbers keep the solver exact: it allows sums to be off by 1e-6.

    Returns:
        The shorter expression, the constant, and the divisor.
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
