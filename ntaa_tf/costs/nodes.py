"""Calls of a supernet as plain data, with their alternatives."""

from collections.abc import Mapping
from dataclasses import dataclass

from ntaa_tf.costs.options import LayersCost

FIXED = ""  # The choice, and the only option, of a call that is not searched.


@dataclass(frozen=True)
class Alternative:
    """One option of a call: its inputs and its cost.

    Args:
        parents: indices of the nodes that it reads.
        cost: cost of its layers.
        latency_ms: latency of its layers, 0 if unknown.
        weight_free: 1 for an operation without weights at a site, else 0.
    """

    parents: tuple[int, ...]
    cost: LayersCost
    latency_ms: float = 0.0
    weight_free: int = 0


@dataclass(frozen=True)
class Node:
    """One call of a supernet.

    Args:
        layer: name of the layer. Calls with the same name share parameters.
        choice: name of the choice that decides the call, or `FIXED`.
        alternatives: the alternative of each option, the source's own first.
            A fixed call has one, named `FIXED`.
    """

    layer: str
    choice: str
    alternatives: Mapping[str, Alternative]

    @property
    def parents(self) -> list[int]:
        """Indices of the nodes that at least one alternative reads."""
        readings = [a.parents for a in self.alternatives.values()]
        return sorted({parent for reads in readings for parent in reads})
