"""The plot of a comparison: error over MACs, a dot for every run."""

import statistics

from matplotlib.figure import Figure

from comparisons.results import ERROR
from comparisons.results import Table
from ntaa_tf.report.ink import INK

MACS = "MACs, M"
WIDTH = 7.0  # Inches.
HEIGHT = 4.0
LEGEND_ROW = 0.2
LEGEND_COLUMNS = 2
# Hues that the colour-blind tell apart (after Okabe and Ito) on light and on
# dark paper, and for those who do not see them, shapes.
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    *("#56b4e9", "#e69f00", "#8a8f98"),
)
MARKERS = "osD^vPX*<>"


def draw_comparison(table: Table) -> Figure:
    """Draw every run as a dot, and the mean of each contestant large."""
    legend = LEGEND_ROW * -(-len(table) // LEGEND_COLUMNS)
    figure = Figure(figsize=(WIDTH, HEIGHT + legend), layout="constrained")
    axes = figure.subplots()
    for number, (name, runs) in enumerate(table.items()):
        colour = COLOURS[number % len(COLOURS)]
        marker = MARKERS[number % len(MARKERS)]
        macs = [columns[MACS] for columns in runs.values()]
        errors = [columns[ERROR] for columns in runs.values()]
        axes.scatter(macs, errors, s=18, marker=marker, color=colour, alpha=0.6)
        axes.scatter(
            [statistics.mean(macs)],
            [statistics.mean(errors)],
            s=90,
            marker=marker,
            facecolors="none",
            edgecolors=[colour],
            linewidths=2,
            label=name,
        )
    axes.set_xlabel("multiply-adds of an image, millions", color=INK)
    axes.set_ylabel(ERROR, color=INK)
    axes.set_ylim(bottom=0)
    axes.spines[:].set_visible(False)
    axes.grid(color=INK, alpha=0.12, linewidth=0.6)
    axes.tick_params(colors=INK, length=0)
    figure.legend(
        loc="outside lower left",
        ncols=LEGEND_COLUMNS,
        frameon=False,
        labelcolor=INK,
    )
    return figure
