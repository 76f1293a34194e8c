"""Rows of an integer program for the depth of an architecture."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

from ntaa_tf.costs.depth_steps import Step
from ntaa_tf.costs.integer_program import IntegerProgram

Taken = Mapping[str, Mapping[str, int]]


class DepthRows:
    """Variables for the depth at each step, and at the outputs.

    Let t[o] = 1 if the choice of step s takes option o, let a[o] be the depth
    that o adds, and P[o] the steps that o reads. The longest path to s is

        d[s] = max_{p ∈ P[o]} d[p] + a[o]   for the option o that is taken.

    The program only bounds depths from below, which is enough: depth is
    limited from above or minimized, and for fixed t the least d is the true
    depth. That d is whole without an integer constraint.

    *All options read the same steps.* One row for each p that they read:

        d[s] ≥ d[p] + Σ_o a[o] · t[o].

    *Options read different steps*, one step each, as those of a mixed input.
    Each parent p gets a copy e[p], which is d[p] if p is read and else 0, so
    at most one copy is not 0 and their sum is the depth before s:

        d[s] ≥ Σ_p e[p] + Σ_o a[o] · t[o].

    Let r = Σ_{o reads p} t[o], which is 0 or 1, and let L ≤ d[p] ≤ H in every
    architecture. Besides e[p] ≥ 0 the copy has two rows:

        e[p] ≥ d[p] − H · (1 − r),   e[p] ≥ L · r.

    The first is a big-M row: for r = 1 it is e[p] ≥ d[p], and for r = 0 it
    allows e[p] = 0. M = H is the smallest M that does. The second follows from
    the first for r ∈ {0, 1}, but tightens the linear relaxation, where r may
    be a fraction.

    Args:
        program: has the variables of the choices.
        steps: the steps of a supernet.
        outputs: indices of the steps of the outputs.
        taken: for each choice, the variable t of each option.

    Attributes:
        depth: the variable that is at least the depth at every output.
    """

    def __init__(
        self,
        program: IntegerProgram,
        steps: Sequence[Step],
        outputs: Sequence[int],
        taken: Taken,
    ):
        self._program = program
        self._taken = taken
        self._lowest = _bound(steps, min)  # L
        self._highest = _bound(steps, max)  # H
        self._depths: list[int] = []
        for index, step in enumerate(steps):
            self._add_step(index, step)
        highest = max(self._highest[output] for output in outputs)
        self.depth = program.add_variable(highest, integer=False)
        for output in outputs:
            row = {self.depth: 1, self._depths[output]: -1}
            program.add_row(row, lower=0)

    def _add_step(self, index: int, step: Step) -> None:
        """Add the variable d of a step, and its rows."""
        depth = self._program.add_variable(
            self._highest[index], lower=self._lowest[index], integer=False
        )
        self._depths.append(depth)
        own: dict[int, float] = {depth: 1}  # d[s] − Σ_o a[o] · t[o]
        for option, move in step.moves.items():
            own[self._taken[step.choice][option]] = -move.depth
        readings = {move.parents for move in step.moves.values()}
        if len(readings) == 1:
            for parent in step.parents:
                row = own | {self._depths[parent]: -1}
                self._program.add_row(row, lower=0)
        else:
            copies = [self._copy(step, parent) for parent in step.parents]
            self._program.add_row(own | dict.fromkeys(copies, -1), lower=0)

    def _copy(self, step: Step, parent: int) -> int:
        """Add the copy e of a parent's depth, 0 unless the parent is read."""
        highest = self._highest[parent]
        copy = self._program.add_variable(highest, integer=False)
        reading = [
            self._taken[step.choice][option]
            for option, move in step.moves.items()
            if parent in move.parents
        ]
        # e[p] − d[p] − H · r ≥ −H
        row = {copy: 1, self._depths[parent]: -1}
        self._program.add_row(
            row | dict.fromkeys(reading, -highest), lower=-highest
        )
        # e[p] − L · r ≥ 0
        row = {copy: 1, **dict.fromkeys(reading, -self._lowest[parent])}
        self._program.add_row(row, lower=0)
        return copy


def _bound(
    steps: Sequence[Step], choose: Callable[[Iterable[int]], int]
) -> list[int]:
    """Bound the depth at each step over all architectures.

    Options of different steps are treated as independent. Where one choice
    decides several steps the bounds may be loose, but they hold.

    Args:
        steps: the steps, parents first.
        choose: `min` for the lower bounds L, `max` for the upper bounds H.
    """
    depths: list[int] = []
    for step in steps:
        depths.append(
            choose(
                max((depths[parent] for parent in move.parents), default=0)
                + move.depth
                for move in step.moves.values()
            )
        )
    return depths
