"""Cell as plain data: the operation of each kept edge."""

from collections.abc import Mapping
from collections.abc import Sequence

NODES = 4
INPUTS = 2  # The outputs of the two preceding cells.
KEPT = 2  # Edges kept per node.
NONE = "none"  # The operation of an edge that is not kept.
Cell = Mapping[str, str]  # Name of the operation by name of the edge.


def name_edge(node: int, state: int) -> str:
    """Return the name of an edge.

    Args:
        node: index of the node that the edge leads to.
        state: index of the state that the edge begins at: 0 and 1 are the
            inputs of the cell, 2 and above its earlier nodes.
    """
    return f"node{node}_from{state}"


def list_edges(node: int) -> list[str]:
    """List the names of all edges that lead to a node.

    Args:
        node: index of the node.

    Example:
    >>> list_edges(1)
    ['node1_from0', 'node1_from1', 'node1_from2']
    """
    return [name_edge(node, state) for state in range(node + INPUTS)]


EDGES = [edge for node in range(NODES) for edge in list_edges(node)]
# Index in EDGES of the first edge of each node.
FIRST_EDGES = [EDGES.index(name_edge(node, 0)) for node in range(NODES)]
# Default cell without a search: each node convolves both inputs of the cell.
PLAIN_CELL: Cell = {
    name_edge(node, state): "separable3x3"
    for node in range(NODES)
    for state in range(INPUTS)
}


def check_cell(cell: Cell, operations: Sequence[str]) -> None:
    """Check that two edges lead to each node.

    Args:
        cell: name of the operation by name of the edge.
        operations: names of the allowed operations.

    Raises:
        ValueError: if the cell has other edges or operations.
    """
    counts = [len(cell.keys() & set(list_edges(node))) for node in range(NODES)]
    known = set(operations) - {NONE}
    if (
        counts != [KEPT] * NODES
        or not {*cell} <= {*EDGES}
        or not {*cell.values()} <= known
    ):
        raise ValueError(
            f"Invalid cell in `architecture`. Expected {KEPT} edges to each of "
            f"{NODES} nodes, with names like {EDGES[-1]!r}, and for each edge "
            f"one of the operations {sorted(known)}. Received: {dict(cell)}."
        )


def format_cell(cell: Cell) -> str:
    """Write a cell as text."""
    return " ".join(f"{edge}:{operation}" for edge, operation in cell.items())


def parse_cell(text: str) -> Cell:
    """Read a cell from the text of `format_cell`."""
    return dict(part.split(":") for part in text.split())
