"""The calls of a supernet as plain data: what each may become."""

from collections.abc import Mapping
from dataclasses import dataclass

from ntaa_tf.costs.options import LayersCost

FIXED = ""


@dataclass(frozen=True)
class Alternative:
    """What a call may become.

    Args:
        parents: indices of the nodes that it reads.
        cost: of its layers.
        latency_ms: how long they take; 0 if that is not known.
        weight_free: 1 if it is an operation without weights at a site.
    """

    parents: tuple[int, ...]
    cost: LayersCost
    latency_ms: float = 0.0
    weight_free: int = 0


@dataclass(frozen=True)
class Node:
    """One call of a supernet.

    Args:
        layer: the name of its layer; calls of equal name share parameters.
        choice: the name of the choice that decides it, `FIXED` if none does.
        alternatives: by option, the source's own first; of a fixed call one,
            by `FIXED`.
    """

    layer: str
    choice: str
    alternatives: Mapping[str, Alternative]

    @property
    def parents(self) -> list[int]:
        """Indices of all nodes that any alternative reads."""
        readings = [a.parents for a in self.alternatives.values()]
        return sorted({parent for reads in readings for parent in reads})
