"""The plot of a comparison: error over MACs, a dot for every run."""

import statistics

from matplotlib import colormaps
from matplotlib.figure import Figure

from comparisons.results import ERROR
from comparisons.results import Table
from ntaa_tf.report.ink import INK

MACS = "MACs, M"
SIZE = (7, 4.4)  # inches


def draw_comparison(table: Table) -> Figure:
    """Draw every run as a dot, and the mean of each contestant as a ring."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    palette = colormaps["tab10" if len(table) <= 10 else "tab20"]
    for (name, runs), colour in zip(
        table.items(), palette(range(len(table))), strict=True
    ):
        macs = [columns[MACS] for columns in runs.values()]
        errors = [columns[ERROR] for columns in runs.values()]
        axes.scatter(macs, errors, s=18, color=colour, alpha=0.7, label=name)
        axes.scatter(
            [statistics.mean(macs)],
            [statistics.mean(errors)],
            s=90,
            facecolors="none",
            edgecolors=[colour],
        )
    axes.set_xlabel("multiply-adds of an image, millions", color=INK)
    axes.set_ylabel(ERROR, color=INK)
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK)
    axes.legend(frameon=False, labelcolor="linecolor")
    return figure
