"""Mixed integer linear programs, written row by row."""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from scipy import optimize
from scipy import sparse

# A linear expression: the coefficient of each variable, by its index.
Expression = Mapping[int, float]
# An expression, the least and the most that it may be.
Row = tuple[Expression, float, float]

ONE = 0
INFEASIBLE = 2


class IntegerProgram:
    """Variables, rows that bound sums of them, and an exact solver.

    The variable `ONE` is always 1: its coefficients are constants.

    Example:
    >>> program = IntegerProgram()
    >>> x, y = program.add_variable(3), program.add_variable(3)
    >>> program.add_row({x: 2, y: 2}, lower=3)
    >>> values = program.minimize({x: 1, y: 2})
    >>> float(values[x]), float(values[y])
    (2.0, 0.0)
    """

    def __init__(self) -> None:
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._integer: list[bool] = []
        self._rows: list[Row] = []
        self.add_variable(1, lower=1)

    def add_variable(
        self, upper: float, lower: float = 0, integer: bool = True
    ) -> int:
        """Add a variable, and give its index."""
        self._lower.append(lower)
        self._upper.append(upper)
        self._integer.append(integer)
        return len(self._lower) - 1

    def add_row(
        self,
        expression: Expression,
        lower: float = -np.inf,
        upper: float = np.inf,
    ) -> None:
        """Bound a linear expression."""
        self._rows.append((expression, lower, upper))

    def minimize(
        self,
        objective: Expression,
        rows: Sequence[Row] = (),
        relaxed: bool = False,
    ) -> np.ndarray | None:
        """Find the values that make an expression smallest.

        Args:
            objective: the expression.
            rows: more rows, of this call only.
            relaxed: whether fractions are allowed where whole numbers are
                asked for.

        Returns:
            The value of every variable, or None where none fit all rows.

        Raises:
            RuntimeError: if the solver ends without an answer.
        """
        costs = np.zeros(len(self._lower))
        costs[list(objective)] = list(objective.values())
        integrality = np.array(self._integer, int)
        result = optimize.milp(
            costs,
            integrality=0 * integrality if relaxed else integrality,
            bounds=optimize.Bounds(self._lower, self._upper),
            constraints=self._constrain([*self._rows, *rows]),
            options={"mip_rel_gap": 0},
        )
        if result.status == INFEASIBLE:
            return None
        if not result.success:
            raise RuntimeError(
                "The integer program was not solved. Expected an optimum, or "
                f"that there is none. Received from the solver: status "
                f"{result.status}, {result.message}"
            )
        return result.x

    def _constrain(self, rows: list[Row]) -> optimize.LinearConstraint:
        matrix = sparse.lil_array((len(rows), len(self._lower)))
        for index, (expression, _, _) in enumerate(rows):
            for variable, coefficient in expression.items():
                matrix[index, variable] = coefficient
        lowers = [lower for _, lower, _ in rows]
        uppers = [upper for _, _, upper in rows]
        return optimize.LinearConstraint(matrix.tocsc(), lowers, uppers)


def add_up(terms: Iterable[tuple[int, float]]) -> dict[int, float]:
    """Add terms, each a variable and its coefficient, to one expression."""
    expression: dict[int, float] = collections.defaultdict(int)
    for variable, coefficient in terms:
        expression[variable] += coefficient
    return dict(expression)
