"""Depth of a supernet as a longest path, for any choice of options."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from ntaa_tf.costs.layer_depths import NONE
from ntaa_tf.costs.nodes import Alternative
from ntaa_tf.costs.nodes import Node


@dataclass(frozen=True)
class Move:
    """Effect of an option on the depth at a step.

    Args:
        parents: indices of the steps that the option reads.
        depth: depth that the option adds to the deepest of them.
    """

    parents: tuple[int, ...]
    depth: int


@dataclass(frozen=True)
class Step:
    """A node of the longest-path graph: a call, as one kind of reader sees it.

    `layer_depths` explains the kinds of readers.

    Args:
        call: index of the call.
        choice: name of the choice that decides the call.
        moves: the move of each option.
    """

    call: int
    choice: str
    moves: Mapping[str, Move]

    @property
    def parents(self) -> list[int]:
        """Indices of the steps that at least one option reads."""
        readings = [move.parents for move in self.moves.values()]
        return sorted({parent for reads in readings for parent in reads})


def list_steps(nodes: Sequence[Node]) -> tuple[list[Step], list[int]]:
    """List the steps of all calls, parents first.

    A call has one step for each of the three kinds of readers. Kinds that see
    the same depth share a step, which keeps the integer program small.

    Returns:
        The steps, and for each call the index of its step for ordinary
        readers.
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
    """Compute the depth at each step.

    Args:
        steps: the steps, parents first.
        options: the option of each choice.
    """
    depths: list[int] = []
    for step in steps:
        move = step.moves[options.get(step.choice, step.choice)]
        before = max((depths[parent] for parent in move.parents), default=0)
        depths.append(before + move.depth)
    return depths


def count_savings(
    steps: Sequence[Step], depths: Sequence[int], last: int
) -> dict[tuple[str, str], int]:
    """Bound how much depth each option can save against an architecture.

    Let d be the depths in a given architecture A, and D the depths in any
    other architecture B. Walk back from the last step s₀: from step sᵢ, where
    B takes option oᵢ, go on to the parent sᵢ₊₁ of oᵢ whose d is largest. As D
    is a longest path, D[s₀] ≥ Σ a[oᵢ], with a the depth that an option adds.
    The sum of d[sᵢ] − d[sᵢ₊₁] over the walk is d[s₀], as d is 0 before the
    inputs. So

        D[s₀] ≥ d[s₀] − Σ saving(sᵢ, oᵢ),
        saving(s, o) = max(0, d[s] − a[o] − max_{p read by o} d[p]).

    Options of A save nothing. A walk meets each call once, at one of its
    steps: the saving of an option at a call is the largest of those. If a
    choice decides several calls, the savings of these calls add up.

    Args:
        steps: the steps of a supernet.
        depths: the depth d at each step in the given architecture.
        last: index of the last step s₀.

    Returns:
        The savings that are not 0, by choice and option.
    """
    savings: dict[tuple[int, str, str], int] = {}
    reachable = {last}  # Steps that some walk meets.
    for index in range(last, -1, -1):
        if index not in reachable:
            continue
        step = steps[index]
        for option, move in step.moves.items():
            deepest = max(move.parents, key=lambda p: depths[p], default=None)
            saving = depths[index] - move.depth
            if deepest is not None:
                reachable.add(deepest)
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
    # The layers of the alternative read its parents as another kind of reader.
    before, depth = alternative.cost.depths[reader]
    parents = (index_of[call, before] for call in alternative.parents)
    return Move(tuple(parents), depth)
