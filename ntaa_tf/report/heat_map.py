"""The heat map of a search: probabilities of the source's operations."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ntaa_tf.architecture import Architecture
from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import choose_colour
from ntaa_tf.report.ink import to_svg
from ntaa_tf.report.layout import CHARACTER
from ntaa_tf.report.records import Probabilities

MOST_ROWS = 36  # In one panel.
STEPS = 20  # The colour scale begins and ends at multiples of 1 / STEPS,
LEAST_STEPS = 2  # which are at least this many steps apart.
COLOURS = "cividis"  # Even in lightness, and safe for the colour-blind.
LABEL = "Probability of the source's operation by site and epoch"

# All lengths are in inches.
ROW, CELLS = 0.17, 1.9
TOP, BOTTOM, MARGIN = 0.4, 0.45, 0.1
DOT = 0.14
SMALL: dict[str, Any] = {"color": INK, "fontsize": 7.5, "parse_math": False}

# Name of a site, its operation in the adapted network, and p by epoch.
Row = tuple[str, str, list[float]]


def draw_probabilities(
    probabilities: Probabilities, architecture: Architecture
) -> list[str]:
    """Draw the probability of the source's operation by site and epoch.

    Edges of cells have no source operation: for them the probability of the
    operation that was kept is drawn.

    Args:
        probabilities: for each site, for each of its options, the probability
            after each epoch.
        architecture: the architecture that was found; its sites are the rows.

    Returns:
        SVG elements with at most `MOST_ROWS` sites each; an empty list if no
        site was recorded.
    """
    rows: list[Row] = []
    for name, choice in architecture.sites.items():
        recorded = probabilities.get(name, {})
        course = recorded.get("source", recorded.get(choice.candidate, ()))
        if course:
            rows.append((name, choice.candidate, list(course)))
    if not rows:
        return []
    size = math.ceil(len(rows) / math.ceil(len(rows) / MOST_ROWS))
    panels = [rows[first : first + size] for first in range(0, len(rows), size)]
    left, right = (
        CHARACTER * max(len(row[column]) for row in rows) + MARGIN
        for column in (0, 1)
    )
    limits = _find_limits([p for *_, course in rows for p in course])
    return [
        to_svg(_draw_panel(panel, left, right + DOT, limits), LABEL)
        for panel in panels
    ]


def _find_limits(probabilities: list[float]) -> tuple[float, float]:
    """Return the ends of the colour scale, close to the values that occur.

    Most probabilities move little: a scale from 0 to 1 would show one colour.
    """
    low = math.floor(min(probabilities) * STEPS)
    high = max(math.ceil(max(probabilities) * STEPS), low + LEAST_STEPS)
    high = min(high, STEPS)
    return min(low, high - LEAST_STEPS) / STEPS, high / STEPS


def _draw_panel(
    rows: list[Row], left: float, right: float, limits: tuple[float, float]
) -> Figure:
    width = left + CELLS + right
    height = TOP + ROW * len(rows) + BOTTOM
    figure = Figure(figsize=(width, height))
    share = left / width, BOTTOM / height, CELLS / width
    axes = figure.add_axes((*share, ROW * len(rows) / height))
    epochs = max(len(course) for *_, course in rows)
    matrix = np.full((len(rows), epochs), np.nan)
    for row, (*_, course) in zip(matrix, rows, strict=True):
        row[: len(course)] = course
    axes.imshow(
        matrix,
        cmap=COLOURS,
        vmin=limits[0],
        vmax=limits[1],
        aspect="auto",
        interpolation="none",
        extent=(0.5, epochs + 0.5, len(rows) - 0.5, -0.5),
    )
    _name_rows(axes, rows, epochs)
    _style_epochs(axes, epochs)
    scale = (share[0], 1 - 0.3 / height, share[2], 0.09 / height)
    _draw_scale(figure.add_axes(scale), limits)
    return figure


def _name_rows(axes: Axes, rows: list[Row], epochs: int) -> None:
    """Write the site's name left of each row, and its new operation right."""
    inch = epochs / CELLS
    end = epochs + 0.5 + MARGIN * inch
    for index, (name, candidate, _) in enumerate(rows):
        style = SMALL | {"va": "center_baseline"}
        axes.text(0.5 - MARGIN * inch, index, name, ha="right", **style)
        is_kept = candidate == "source"
        text, alpha = ("kept", 0.6) if is_kept else (candidate, 1)
        axes.text(end + DOT * inch, index, text, alpha=alpha, **style)
    kinds = [choose_colour(candidate) for _, candidate, _ in rows]
    dots = np.full(len(rows), end + DOT / 3 * inch)
    axes.scatter(dots, np.arange(len(rows)), 16, kinds, clip_on=False)


def _style_epochs(axes: Axes, epochs: int) -> None:
    axes.set_xlim(0.5, epochs + 0.5)
    axes.spines[:].set_visible(False)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.tick_params(colors=INK, labelsize=7.5, length=0)
    axes.set_xlabel("epoch", color=INK, fontsize=7.5)


def _draw_scale(axes: Axes, limits: tuple[float, float]) -> None:
    """Draw the colour scale."""
    steps = np.linspace(0, 1, 64)[None]
    axes.imshow(steps, cmap=COLOURS, aspect="auto", extent=(0, 1, 0, 1))
    axes.axis("off")
    style = SMALL | {"va": "center_baseline"}
    axes.text(-0.03, 0.5, f"p  {limits[0]:.2f}", ha="right", **style)
    axes.text(1.03, 0.5, f"{limits[1]:.2f}", **style)
