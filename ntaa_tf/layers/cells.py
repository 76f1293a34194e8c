"""A cell as plain data: the operations of the edges that are kept."""

from collections.abc import Mapping
from collections.abc import Sequence

NODES = 4
INPUTS = 2  # The outputs of the two cells before.
KEPT = 2  # Edges of a node that are kept.
NONE = "none"
Cell = Mapping[str, str]  # The operations of the edges that are kept.


def name_edge(node: int, state: int) -> str:
    """Name the edge to a node from an input, 0 or 1, or an earlier node."""
    return f"node{node}_from{state}"


def list_edges(node: int) -> list[str]:
    """Name all edges that lead to a node.

    Example:
    >>> list_edges(1)
    ['node1_from0', 'node1_from1', 'node1_from2']
    """
    return [name_edge(node, state) for state in range(node + INPUTS)]


EDGES = [edge for node in range(NODES) for edge in list_edges(node)]
FIRST_EDGES = [EDGES.index(name_edge(node, 0)) for node in range(NODES)]
# A cell that nobody searched: both inputs, convolved, lead to each node.
PLAIN_CELL: Cell = {
    name_edge(node, state): "separable3x3"
    for node in range(NODES)
    for state in range(INPUTS)
}


def check_cell(cell: Cell, operations: Sequence[str]) -> None:
    """Raise a ValueError unless two edges lead to each node.

    Args:
        cell: the operation of each edge, by its name.
        operations: what they may be.
    """
    counts = [len(cell.keys() & set(list_edges(node))) for node in range(NODES)]
    known = set(operations) - {NONE}
    if (
        counts != [KEPT] * NODES
        or not {*cell} <= {*EDGES}
        or not {*cell.values()} <= known
    ):
        raise ValueError(
            f"Invalid value for `architecture`. Expected {KEPT} edges to each "
            f"of {NODES} nodes, named as {EDGES[-1]!r} is, with operations of "
            f"{sorted(known)}. Received: {dict(cell)}."
        )


def format_cell(cell: Cell) -> str:
    """Write a cell as text."""
    return " ".join(f"{edge}:{operation}" for edge, operation in cell.items())


def parse_cell(text: str) -> Cell:
    """Read what `format_cell` wrote."""
    return dict(part.split(":") for part in text.split())
