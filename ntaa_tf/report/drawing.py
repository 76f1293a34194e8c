"""The picture of an architecture: what each site became, in order."""

import collections
import math
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.patches import Rectangle

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.files import write_atomically
from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import SOURCE
from ntaa_tf.report.ink import choose_colour

DOTS_PER_INCH = 150

# All lengths are in inches.
MARGIN = 0.3
ROW = 0.27
PILL = (1.2, 0.2)
MARK = 0.35  # The space for the mark of what a site reads.
GAP = 0.35
CHARACTER = 0.068  # Its mean width, at a size of 8 points.
STRIP = 0.2
LEGEND_ITEM = (1.55, 0.24)
LANDSCAPE = 1.5


def draw_architecture(architecture: Architecture, path: Path) -> None:
    """Draw an architecture as a PNG file.

    Sites that kept the source's operation are grey; a site that reads from
    n sites back is marked ↑n.

    Args:
        architecture: any number of sites; many are drawn in columns.
        path: the file to write.
    """
    figure = make_figure(architecture)
    with write_atomically(path) as unfinished:
        figure.savefig(unfinished, dpi=DOTS_PER_INCH, facecolor="white")


def make_figure(architecture: Architecture) -> Figure:
    """Draw an architecture as a figure."""
    sites = list(architecture.sites.items())
    counts = collections.Counter(choice.candidate for _, choice in sites)
    longest = max((len(name) for name, _ in sites), default=0)
    column = CHARACTER * longest + PILL[0] + MARK + GAP
    columns = _count_columns(len(sites), column)
    rows = math.ceil(len(sites) / columns)
    width = max(columns * column - GAP, 3 * LEGEND_ITEM[0]) + 2 * MARGIN
    legend_rows = math.ceil(len(counts) / _items_per_row(width))
    top = MARGIN + 0.3 + STRIP + 0.25 + legend_rows * LEGEND_ITEM[1] + 0.2
    axes = _make_canvas(width, top + rows * ROW + MARGIN)
    _draw_summary(axes, architecture, width)
    _draw_legend(axes, counts, width)
    for index, (name, choice) in enumerate(sites):
        right = MARGIN + (index // rows + 1) * column - GAP
        middle = top + (index % rows + 0.5) * ROW
        _draw_site(axes, right - MARK, middle, name, choice)
        if (index + 1) % rows and index + 1 < len(sites):
            _draw_link(axes, right - MARK, middle)
    return axes.get_figure()


def _count_columns(sites: int, column: float) -> int:
    """Choose columns so that the picture is about `LANDSCAPE` times wide."""
    return max(1, round(math.sqrt(LANDSCAPE * sites * ROW / column)))


def _items_per_row(width: float) -> int:
    return int((width - 2 * MARGIN) // LEGEND_ITEM[0])


def _make_canvas(width: float, height: float) -> Axes:
    """Make axes in inches from the upper left corner."""
    axes = Figure(figsize=(width, height)).add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return axes


def _draw_summary(axes: Axes, architecture: Architecture, width: float) -> None:
    """Draw how many sites changed, and all of them as one strip."""
    choices = architecture.sites.values()
    axes.text(
        MARGIN,
        MARGIN + 0.08,
        f"Sites that changed: {len(architecture.changed())} of {len(choices)}",
        color=INK,
        fontsize=11,
        fontweight="bold",
        va="center",
    )
    cell = (width - 2 * MARGIN) / max(1, len(choices))
    for index, choice in enumerate(choices):
        corner = MARGIN + index * cell, MARGIN + 0.3
        axes.add_patch(
            Rectangle(corner, 0.92 * cell, STRIP, **_fill(choice.candidate))
        )


def _draw_legend(
    axes: Axes, counts: collections.Counter[str], width: float
) -> None:
    for index, (candidate, count) in enumerate(counts.most_common()):
        row, column = divmod(index, _items_per_row(width))
        left = MARGIN + column * LEGEND_ITEM[0]
        middle = MARGIN + 0.3 + STRIP + 0.25 + row * LEGEND_ITEM[1]
        corner = left, middle - 0.06
        axes.add_patch(Rectangle(corner, 0.12, 0.12, **_fill(candidate)))
        axes.text(
            left + 0.19,
            middle,
            f"{candidate} · {count}",
            color=INK,
            fontsize=8,
            va="center_baseline",
        )


def _draw_site(
    axes: Axes, right: float, middle: float, name: str, choice: SiteChoice
) -> None:
    """Draw a site: its name, a pill that ends at `right`, what it reads."""
    left = right - PILL[0]
    style = {"fontsize": 8, "va": "center_baseline", "color": INK}
    axes.text(left - 0.1, middle, name, ha="right", alpha=0.7, **style)
    axes.add_patch(
        FancyBboxPatch(
            (left, middle - PILL[1] / 2),
            *PILL,
            boxstyle=f"round,pad=0,rounding_size={PILL[1] / 2}",
            **_fill(choice.candidate),
        )
    )
    if choice.candidate != "source":
        style |= {"color": "white", "fontweight": "bold"}
    axes.text(left + PILL[0] / 2, middle, choice.candidate, ha="center", **style)
    if choice.reads:
        style |= {"color": INK, "fontweight": "bold"}
        axes.text(right + 0.08, middle, f"↑{choice.reads}", **style)


def _draw_link(axes: Axes, right: float, middle: float) -> None:
    """Join the pill that ends at `right` to the one below."""
    centre = right - PILL[0] / 2
    below = middle + PILL[1] / 2, middle + ROW - PILL[1] / 2
    axes.plot([centre, centre], below, color=SOURCE, linewidth=1)


def _fill(candidate: str) -> dict[str, Any]:
    """Give the colours of a patch; the source's own is faint."""
    alpha = 0.35 if candidate == "source" else 1
    return {"color": choose_colour(candidate), "alpha": alpha, "linewidth": 0}
