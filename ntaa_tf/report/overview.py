"""The overview above the drawing of an architecture: strip and legend."""

import collections
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ntaa_tf.architecture import Architecture
from ntaa_tf.report.ink import REMOVING
from ntaa_tf.report.layout import LEGEND_HEIGHT
from ntaa_tf.report.layout import LEGEND_TOP
from ntaa_tf.report.layout import LEGEND_WIDTH
from ntaa_tf.report.layout import MARGIN
from ntaa_tf.report.layout import Layout
from ntaa_tf.report.pill import TEXT
from ntaa_tf.report.pill import TITLE
from ntaa_tf.report.pill import fill
from ntaa_tf.report.pill import outline

STRIP_TOP, STRIP_HEIGHT = 0.6, 0.2  # Inches.


def draw_overview(
    axes: Axes, layout: Layout, architecture: Architecture
) -> None:
    """Draw the number of changed sites, a strip of all sites, and a legend.

    Args:
        axes: axes of the drawing, in inches.
        layout: positions in the drawing.
        architecture: an architecture of sites, not of cells.
    """
    candidates = [choice.candidate for choice in architecture.sites.values()]
    _draw_title(axes, layout, architecture)
    _draw_strip(axes, layout, candidates)
    _draw_legend(axes, layout, collections.Counter(candidates))


def _draw_title(axes: Axes, layout: Layout, architecture: Architecture) -> None:
    changed, sites = architecture.changed(), architecture.sites
    title = f"Sites that changed: {len(changed)} of {len(sites)}"
    axes.text(MARGIN, MARGIN + 0.08, title, **TITLE)
    if any(choice.reads for choice in sites.values()):
        right = MARGIN + layout.inner_width
        mark = "↑n  reads n sites back"
        axes.text(right, MARGIN + 0.08, mark, ha="right", **TEXT)


def _draw_strip(axes: Axes, layout: Layout, candidates: list[str]) -> None:
    """Draw all sites as fields of one strip."""
    cell = layout.inner_width / max(1, len(candidates))
    width = cell - min(0.02, 0.1 * cell)
    for index, candidate in enumerate(candidates):
        corner = MARGIN + index * cell, STRIP_TOP
        style = _choose_style(candidate)
        axes.add_patch(Rectangle(corner, width, STRIP_HEIGHT, **style))


def _draw_legend(
    axes: Axes, layout: Layout, counts: collections.Counter[str]
) -> None:
    for index, (candidate, count) in enumerate(counts.most_common()):
        row, column = divmod(index, layout.items_per_row)
        left = MARGIN + column * LEGEND_WIDTH
        middle = LEGEND_TOP + (row + 0.5) * LEGEND_HEIGHT
        style = _choose_style(candidate)
        axes.add_patch(Rectangle((left, middle - 0.06), 0.12, 0.12, **style))
        label = "kept" if candidate == "source" else candidate
        if candidate in REMOVING:
            label = f"removed: {candidate}"
        axes.text(left + 0.19, middle, f"{label} · {count}", **TEXT)


def _choose_style(candidate: str) -> dict[str, Any]:
    return outline() if candidate in REMOVING else fill(candidate)
