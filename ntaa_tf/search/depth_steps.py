"""The depth of a supernet's calls as longest paths, by what is chosen."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from ntaa_tf.search.cost_nodes import Alternative
from ntaa_tf.search.cost_nodes import Node


@dataclass(frozen=True)
class Move:
    """What an option adds to the longest of the paths that it reads.

    Args:
        parents: indices of the steps that it reads.
        depth: what it adds.
    """

    parents: tuple[int, ...]
    depth: int


@dataclass(frozen=True)
class Step:
    """The depth of one call, as whatever reads it counts it.

    Args:
        call: index of the call.
        choice: the name of the choice that decides it.
        moves: by option.
    """

    call: int
    choice: str
    moves: Mapping[str, Move]

    @property
    def parents(self) -> list[int]:
        """Indices of all steps that any option reads."""
        readings = [move.parents for move in self.moves.values()]
        return sorted({parent for reads in readings for parent in reads})


def list_steps(nodes: Sequence[Node]) -> list[Step]:
    """List two steps for each call: steps 2i and 2i + 1 for call i.

    The first is its depth. The second is its depth for a 1×1 convolution that
    reads it: one less if its output is directly that of a depthwise
    convolution, as the two are one separable convolution.
    """
    steps = []
    for index, node in enumerate(nodes):
        moves = {k: _move(a) for k, a in node.alternatives.items()}
        seen = {
            option: _see(moves[option], alternative)
            for option, alternative in node.alternatives.items()
        }
        steps.append(Step(index, node.choice, moves))
        steps.append(Step(index, node.choice, seen))
    return steps


def measure_depths(
    steps: Sequence[Step], options: Mapping[str, str]
) -> list[int]:
    """Give the depth at each step where these options are chosen."""
    depths: list[int] = []
    for step in steps:
        move = step.moves[options.get(step.choice, step.choice)]
        before = max((depths[parent] for parent in move.parents), default=0)
        depths.append(before + move.depth)
    return depths


def count_savings(
    steps: Sequence[Step], depths: Sequence[int], last: int
) -> dict[tuple[str, str], int]:
    """Count by how much each option can make a path shorter, at most.

    Whatever is chosen, the depth at the last step is at least what it is in
    a given architecture, less the savings of what is chosen: follow any
    architecture backwards, at every step to that parent which is deepest in
    the given one.

    Args:
        steps: of a supernet.
        depths: at each step, in the given architecture.
        last: index of the step at whose depth to look.

    Returns:
        The savings, by choice and option; what saves nothing is left out.
    """
    savings: dict[tuple[int, str, str], int] = {}
    waiting = {last}
    for index in range(last, -1, -1):
        if index not in waiting:
            continue
        step = steps[index]
        for option, move in step.moves.items():
            deepest = max(move.parents, key=lambda p: depths[p], default=None)
            saving = depths[index] - move.depth
            if deepest is not None:
                waiting.add(deepest)
                saving -= depths[deepest]
            key = step.call, step.choice, option
            savings[key] = max(saving, savings.get(key, 0))
    total: dict[tuple[str, str], int] = {}
    for (_, choice, option), saving in savings.items():
        if saving:
            before = total.get((choice, option), 0)
            total[choice, option] = before + saving
    return total


def _move(alternative: Alternative) -> Move:
    opens = alternative.cost.opens_pointwise
    parents = tuple(2 * parent + opens for parent in alternative.parents)
    return Move(parents, alternative.cost.depth)


def _see(move: Move, alternative: Alternative) -> Move:
    if alternative.cost.is_empty:
        parents = tuple(2 * parent + 1 for parent in alternative.parents)
        return Move(parents, move.depth)
    return Move(move.parents, move.depth - alternative.cost.ends_depthwise)
