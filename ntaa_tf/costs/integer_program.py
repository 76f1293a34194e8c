"""Mixed-integer linear programs, built row by row."""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from scipy import optimize
from scipy import sparse

# A linear expression: maps the index of a variable to its coefficient.
Expression = Mapping[int, float]
# A constraint: an expression, its lower bound and its upper bound.
Row = tuple[Expression, float, float]

ONE = 0  # Index of the variable that is always 1.
INFEASIBLE = 2  # Status of `scipy.optimize.milp`.


class IntegerProgram:
    """A mixed-integer linear program with an exact solver.

    Variables are numbered in the order in which they are added. The variable
    `ONE` is always 1, so its coefficient is the constant of an expression.

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
        """Add a variable and return its index."""
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
        """Add a constraint: lower ≤ expression ≤ upper."""
        self._rows.append((expression, lower, upper))

    def minimize(
        self,
        objective: Expression,
        rows: Sequence[Row] = (),
        relaxed: bool = False,
    ) -> np.ndarray | None:
        """Minimize a linear expression.

        Args:
            objective: the expression.
            rows: additional rows, for this call only.
            relaxed: whether integer variables may be fractional (the linear
                relaxation of the program).

        Returns:
            The value of every variable, or None if the program is infeasible.

        Raises:
            RuntimeError: if the solver stops without a solution.
        """
        costs = np.zeros(len(self._lower))
        costs[list(objective)] = list(objective.values())
        integrality = np.array(self._integer, int)
        result = optimize.milp(
            costs,
            integrality=0 * integrality if relaxed else integrality,
            bounds=optimize.Bounds(self._lower, self._upper),
            constraints=self._constrain([*self._rows, *rows]),
            options={"mip_rel_gap": 0},  # Exact; the default is 1e-4.
        )
        if result.status == INFEASIBLE:
            return None
        if not result.success:
            raise RuntimeError(
                "The solver stopped without an optimal architecture: status "
                f"{result.status}, {result.message} Loosen the limits, or "
                "search fewer sites or candidates."
            )
        return result.x

    def _constrain(self, rows: list[Row]) -> optimize.LinearConstraint:
        # One row of the matrix for each row of the program. A row names a few
        # of thousands of variables, so the matrix is sparse.
        matrix = sparse.lil_array((len(rows), len(self._lower)))
        for index, (expression, _, _) in enumerate(rows):
            for variable, coefficient in expression.items():
                matrix[index, variable] = coefficient
        lowers = [lower for _, lower, _ in rows]
        uppers = [upper for _, _, upper in rows]
        return optimize.LinearConstraint(matrix.tocsc(), lowers, uppers)


def add_up(terms: Iterable[tuple[int, float]]) -> dict[int, float]:
    """Sum terms (variable, coefficient) into one expression.

    Coefficients of the same variable are added.
    """
    expression: dict[int, float] = collections.defaultdict(int)
    for variable, coefficient in terms:
        expression[variable] += coefficient
    return dict(expression)
