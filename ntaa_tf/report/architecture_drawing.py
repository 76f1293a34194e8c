"""The drawing of an architecture: each site before and after the search."""

import io
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.report.cell_drawing import draw_cells
from ntaa_tf.report.cell_drawing import list_cells
from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import REMOVING
from ntaa_tf.report.ink import SOURCE
from ntaa_tf.report.layout import ARROW
from ntaa_tf.report.layout import HEADER
from ntaa_tf.report.layout import PILL_WIDTH
from ntaa_tf.report.layout import ROW
from ntaa_tf.report.layout import Layout
from ntaa_tf.report.overview import draw_overview
from ntaa_tf.report.pill import BOLD
from ntaa_tf.report.pill import PILL_HEIGHT
from ntaa_tf.report.pill import TEXT
from ntaa_tf.report.pill import draw_pill
from ntaa_tf.storage.files import write_atomically

DOTS_PER_INCH = 150
ADAPTED = PILL_WIDTH + ARROW  # Left edge of the adapted network, in inches.

Operations = Mapping[str, str]
UNKNOWN: Operations = MappingProxyType({})


def draw_architecture(
    architecture: Architecture, path: Path, operations: Operations = UNKNOWN
) -> None:
    """Draw an architecture as a PNG file, and as an SVG file beside it.

    The source's operations are at the left, the adapted network's at the right.
    Operations that were kept are grey. A removed layer is struck out at the
    left and a gap at the right. ↑n marks a site that reads its input from n
    sites back. In cells, each node is drawn as a sum of operations.

    Args:
        architecture: any number of sites; many fill several columns.
        path: the PNG file to write.
        operations: name of the source's operation at each site.
    """
    figure = make_figure(architecture, operations)
    for file in (path, path.with_suffix(".svg")):
        with write_atomically(file) as unfinished:
            figure.savefig(unfinished, dpi=DOTS_PER_INCH, facecolor="white")


def render_architecture(
    architecture: Architecture, operations: Operations = UNKNOWN
) -> bytes:
    """Draw an architecture as `draw_architecture` does, in memory.

    Args:
        architecture: the architecture.
        operations: name of the source's operation at each site.

    Returns:
        The bytes of a PNG file.
    """
    drawn = io.BytesIO()
    make_figure(architecture, operations).savefig(
        drawn, format="png", dpi=DOTS_PER_INCH, facecolor="white"
    )
    return drawn.getvalue()


def make_figure(
    architecture: Architecture, operations: Operations = UNKNOWN
) -> Figure:
    """Draw an architecture as a figure."""
    cells = list_cells(architecture)
    if cells:
        return draw_cells(cells)
    sites = list(architecture.sites.items())
    longest = max((len(name) for name, _ in sites), default=0)
    candidates = {choice.candidate for _, choice in sites}
    layout = Layout(len(sites), longest, len(candidates))
    figure = Figure(figsize=layout.size)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, layout.size[0]), ylim=(layout.size[1], 0))
    axes.axis("off")
    draw_overview(axes, layout, architecture)
    _draw_lines(axes, layout)
    for index, (name, choice) in enumerate(sites):
        left, middle = layout.place(index)
        if index % layout.rows == 0:
            _draw_header(axes, left, layout.top - HEADER / 2)
        _draw_names(axes, left, middle, name, choice)
        was = operations.get(name, "source")
        _draw_site(axes, left, middle, choice.candidate, was)
    return figure


def _draw_header(axes: Axes, left: float, middle: float) -> None:
    for start, network in ((0.0, "Source"), (ADAPTED, "Adapted")):
        centre = left + start + PILL_WIDTH / 2
        axes.text(centre, middle, network, ha="center", **BOLD)


def _draw_lines(axes: Axes, layout: Layout) -> None:
    """Join each pill to the one above it, and the source to the adapted."""
    lefts, middles = (
        np.array([layout.place(index) for index in range(layout.sites)])
        .reshape(-1, 2)
        .T
    )
    starts = lefts + PILL_WIDTH
    style: dict[str, Any] = {"colors": SOURCE, "linewidth": 1}
    axes.hlines(middles, starts, starts + ARROW, linestyles="dotted", **style)
    below = np.arange(layout.sites) % layout.rows > 0
    tops = middles[below] - PILL_HEIGHT / 2
    for start in (0.0, ADAPTED):
        centres = lefts[below] + start + PILL_WIDTH / 2
        axes.vlines(centres, tops - ROW + PILL_HEIGHT, tops, **style)


def _draw_names(
    axes: Axes, left: float, middle: float, name: str, choice: SiteChoice
) -> None:
    """Write a site's name at the left, and the mark of its input at right."""
    axes.text(left - 0.1, middle, name, ha="right", alpha=0.7, **TEXT)
    if choice.reads:
        right = left + ADAPTED + PILL_WIDTH + 0.08
        axes.text(right, middle, f"↑{choice.reads}", **BOLD)


def _draw_site(
    axes: Axes, left: float, middle: float, candidate: str, was: str
) -> None:
    """Draw the source's operation of a site, and the adapted one."""
    draw_pill(axes, left, middle, PILL_WIDTH, "source", was)
    text = was if candidate == "source" else None
    is_gone = candidate in REMOVING
    right = left + ADAPTED
    draw_pill(axes, right, middle, PILL_WIDTH, candidate, text, is_gone)
    if is_gone:
        ends = left + 0.08, left + PILL_WIDTH - 0.08
        axes.hlines(middle, *ends, INK, linewidth=1)
