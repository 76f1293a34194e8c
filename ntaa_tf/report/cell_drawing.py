"""The drawing of cells: every node as the sum of two operations."""

import re
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntaa_tf.architecture import Architecture
from ntaa_tf.report.pill import TEXT
from ntaa_tf.report.pill import TITLE
from ntaa_tf.report.pill import draw_pill

# All lengths are in inches.
MARGIN = 0.3
HEADER, ROW, SPACE = 0.35, 0.3, 0.25
NODE_WIDTH, PILL_WIDTH, STATE_WIDTH = 0.75, 1.65, 0.75
INPUTS = ("c−2", "c−1")  # The outputs of the two previous cells.

EDGE = re.compile(r"(.+)_node(\d+)_from(\d+)")

# For each kind of cell, for each node: its operations, each with the index of
# its input (the two previous cells first, then the nodes).
Cells = Mapping[str, Mapping[int, list[tuple[str, int]]]]


def list_cells(architecture: Architecture) -> Cells:
    """List the cells of an architecture; empty if it has sites instead."""
    cells: dict[str, dict[int, list[tuple[str, int]]]] = {}
    for name, site in architecture.sites.items():
        edge = EDGE.fullmatch(name)
        if edge is None:
            return {}
        kind, node, state = edge[1], int(edge[2]), int(edge[3])
        nodes = cells.setdefault(kind, {})
        nodes.setdefault(node, []).append((site.candidate, state))
    return cells


def draw_cells(cells: Cells) -> Figure:
    """Draw cells as a figure, one kind of cell below the other."""
    most = max(
        len(edges) for nodes in cells.values() for edges in nodes.values()
    )
    width = 2 * MARGIN + NODE_WIDTH + most * (PILL_WIDTH + STATE_WIDTH)
    height = 2 * MARGIN + sum(
        HEADER + SPACE + ROW * len(nodes) for nodes in cells.values()
    )
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    top = MARGIN
    for kind, nodes in cells.items():
        axes.text(MARGIN, top + HEADER / 2, f"The {kind} cell", **TITLE)
        top += HEADER
        for node, edges in sorted(nodes.items()):
            _draw_node(axes, top + ROW / 2, node, edges)
            top += ROW
        top += SPACE
    return figure


def _draw_node(
    axes: Axes, middle: float, node: int, edges: list[tuple[str, int]]
) -> None:
    axes.text(MARGIN, middle, f"node {node}", alpha=0.7, **TEXT)
    left = MARGIN + NODE_WIDTH
    for index, (operation, state) in enumerate(edges):
        sign = "+" if index else "="
        axes.text(left - 0.15, middle, sign, ha="center", **TEXT)
        draw_pill(axes, left, middle, PILL_WIDTH, operation)
        right = left + PILL_WIDTH + 0.08
        axes.text(right, middle, _name_state(state), **TEXT)
        left += PILL_WIDTH + STATE_WIDTH


def _name_state(state: int) -> str:
    if state < len(INPUTS):
        return INPUTS[state]
    return f"node {state - len(INPUTS)}"
