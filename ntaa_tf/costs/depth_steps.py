"""The depth of a supernet's calls as longest paths, by what is chosen."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from ntaa_tf.costs.layer_depths import NONE
from ntaa_tf.costs.nodes import Alternative
from ntaa_tf.costs.nodes import Node


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


def list_steps(nodes: Sequence[Node]) -> tuple[list[Step], list[int]]:
    """List the steps of all calls, those of what is read first.

    Returns:
        The steps, and for each call the index of that at which most layers
        count its depth; others that count it otherwise have their own, see
        `layer_depths`.
    """
    steps: list[Step] = []
    index_of: dict[tuple[int, int], int] = {}
    for call, node in enumerate(nodes):
        listed: list[tuple[Mapping[str, Move], int]] = []
        for reader in range(len(NONE)):
            moves = {
                option: _move(alternative, reader, index_of)
                for option, alternative in node.alternatives.items()
            }
            same = [index for others, index in listed if others == moves]
            index_of[call, reader] = same[0] if same else len(steps)
            if not same:
                listed.append((moves, len(steps)))
                steps.append(Step(call, node.choice, moves))
    return steps, [index_of[call, 0] for call in range(len(nodes))]


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


def _move(
    alternative: Alternative, reader: int, index_of: dict[tuple[int, int], int]
) -> Move:
    before, depth = alternative.cost.depths[reader]
    parents = (index_of[call, before] for call in alternative.parents)
    return Move(tuple(parents), depth)
