"""The depth of all architectures of a supernet, as rows of a program."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

from ntaa_tf.costs.depth_steps import Step
from ntaa_tf.costs.integer_program import IntegerProgram

Taken = Mapping[str, Mapping[str, int]]


class DepthRows:
    """Adds the depth at each step, and at the outputs, to a program.

    The depth at a step is at least that at each step it reads, and what its
    option adds. Where options read different steps, each of those has a copy
    that counts only if it is read.

    Args:
        program: it has the variables of the choices.
        steps: of a supernet.
        outputs: indices of the steps of its outputs.
        taken: for each choice, the variable of each option.

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
        self._lowest = _bound(steps, min)
        self._highest = _bound(steps, max)
        self._depths: list[int] = []
        for index, step in enumerate(steps):
            self._add_step(index, step)
        highest = max(self._highest[output] for output in outputs)
        self.depth = program.add_variable(highest, integer=False)
        for output in outputs:
            row = {self.depth: 1, self._depths[output]: -1}
            program.add_row(row, lower=0)

    def _add_step(self, index: int, step: Step) -> None:
        depth = self._program.add_variable(
            self._highest[index], lower=self._lowest[index], integer=False
        )
        self._depths.append(depth)
        own: dict[int, float] = {depth: 1}
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
        """Add a variable: at least the depth at a parent, if that is read."""
        highest = self._highest[parent]
        copy = self._program.add_variable(highest, integer=False)
        reading = [
            self._taken[step.choice][option]
            for option, move in step.moves.items()
            if parent in move.parents
        ]
        row = {copy: 1, self._depths[parent]: -1}
        self._program.add_row(
            row | dict.fromkeys(reading, -highest), lower=-highest
        )
        row = {copy: 1, **dict.fromkeys(reading, -self._lowest[parent])}
        self._program.add_row(row, lower=0)
        return copy


def _bound(
    steps: Sequence[Step], choose: Callable[[Iterable[int]], int]
) -> list[int]:
    """Give the least or the greatest depth that each step can have."""
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
