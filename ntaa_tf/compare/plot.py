"""The plot of a comparison: test error against MACs, a dot for each run."""

import math
import re
import statistics
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from ntaa_tf.compare.contestants import PLAIN
from ntaa_tf.compare.results import ERROR
from ntaa_tf.compare.results import Table
from ntaa_tf.report.ink import INK

MACS = "MACs, M"
WIDTH = 5.0  # Inches.
HEIGHT = 3.2
LEGEND_ROW = 0.18
LEGEND_COLUMNS = 2
LONG_NAME = 24  # Longer names get a legend of one column.
FONT_SIZE = 9
# Hues that colour-blind readers can distinguish (after Okabe and Ito), on light
# and on dark pages. Shapes differ as well.
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    *("#56b4e9", "#e69f00", "#8a8f98"),
)
MARKERS = "osD^vPX*<>"
# Plain finetuning at any image size, and the setting behind it.
PLAIN_AT_SIZE = re.compile(rf"{PLAIN}(?:_[\dx]+px)?(?P<setting>, .*)?")


def draw_comparison(table: Table) -> Figure:
    """Draw each run as a dot, and the mean of each contestant as a ring."""
    columns = 1 if max(map(len, table)) > LONG_NAME else LEGEND_COLUMNS
    legend = LEGEND_ROW * math.ceil(len(table) / columns)
    figure = Figure(figsize=(WIDTH, HEIGHT + legend), layout="constrained")
    axes = figure.subplots()
    for number, (name, runs) in enumerate(table.items()):
        colour = COLOURS[number % len(COLOURS)]
        marker = MARKERS[number % len(MARKERS)]
        macs = [measured[MACS] for measured in runs.values()]
        errors = [measured[ERROR] for measured in runs.values()]
        axes.scatter(macs, errors, s=18, marker=marker, color=colour, alpha=0.6)
        axes.scatter(
            [statistics.mean(macs)],
            [statistics.mean(errors)],
            s=70,
            marker=marker,
            facecolors="none",
            edgecolors=[colour],
            linewidths=2,
            label=name,
        )
    for curve in trace_plain(table):
        axes.plot(*curve, color=INK, alpha=0.4, linewidth=1, zorder=0)
    text: dict[str, Any] = {"color": INK, "fontsize": FONT_SIZE}
    axes.set_xlabel("millions of multiply-adds per image", **text)
    axes.set_ylabel(ERROR, **text)
    axes.set_ylim(bottom=0)
    axes.spines[:].set_visible(False)
    axes.grid(color=INK, alpha=0.12, linewidth=0.6)
    axes.tick_params(colors=INK, length=0, labelsize=FONT_SIZE)
    figure.legend(
        loc="outside lower left",
        ncols=columns,
        fontsize=FONT_SIZE,
        frameon=False,
        labelcolor=INK,
    )
    return figure


def trace_plain(table: Table) -> list[tuple[Sequence[float], Sequence[float]]]:
    """Return the mean MACs and errors of plain finetuning over image sizes.

    Returns:
        A curve for each setting with at least two sizes, by growing MACs.

    Example:
    >>> table = {
    ...     name: {0: {MACS: macs, ERROR: error}}
    ...     for name, macs, error in [
    ...         ("finetune", 3.0, 27.0), ("ntaa", 4.0, 26.0),
    ...         ("finetune_48px", 2.0, 33.0),
    ...     ]
    ... }
    >>> trace_plain(table)
    [([2.0, 3.0], [33.0, 27.0])]
    """
    curves: dict[str | None, list[tuple[float, float]]] = {}
    for name, runs in table.items():
        if found := PLAIN_AT_SIZE.fullmatch(name):
            macs, error = (
                statistics.mean(measured[column] for measured in runs.values())
                for column in (MACS, ERROR)
            )
            curves.setdefault(found["setting"], []).append((macs, error))
    return [
        ([x for x, _ in sorted(points)], [y for _, y in sorted(points)])
        for points in curves.values()
        if len(points) > 1
    ]
