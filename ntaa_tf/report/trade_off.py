"""The plot of test error against MACs."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from matplotlib.ticker import MaxNLocator

from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import to_svg
from ntaa_tf.report.table import format_count
from ntaa_tf.report.table import name_models
from ntaa_tf.report.table import name_score
from ntaa_tf.storage.run_metrics import RunMetrics

SIZE = (4.2, 2.7)  # Inches.
# Models differ in colour and, for colour-blind readers, in their markers.
MARKS: dict[str, dict[str, Any]] = {
    "source": {"color": "#94a0ad", "marker": "s"},
    "baseline": {"color": "#f08c00", "marker": "D"},
    # A ring, as the finetuned network's point may lie inside it.
    "collapsed": {
        "color": "#3b82f6",
        "marker": "o",
        "fillstyle": "none",
        "markersize": 11,
    },
    "searched": {"color": "#3b82f6", "marker": "o"},
    "adapted": {"color": "#3b82f6", "marker": "o"},
}
LABEL = "Test error against MACs"

Points = dict[str, tuple[float, float]]


def draw_trade_off(metrics: RunMetrics) -> str:
    """Draw the test error of each model against its MACs.

    Args:
        metrics: metrics of the run. The searched network has the same MACs
            before finetuning.

    Returns:
        An SVG element; an empty text unless two models have both.
    """
    points = _list_points(metrics)
    if len(points) < 2:
        return ""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    names = name_models(metrics)
    for key, (macs, error) in points.items():
        style = {"linestyle": "none", "markersize": 7, **MARKS[key]}
        axes.plot(macs, error, label=names[key], **style)
    axes.legend(fontsize=8, frameon=False, labelcolor=INK)
    _style_axes(axes, f"100 % − {name_score(metrics)}, %")
    return to_svg(figure, LABEL)


def _list_points(metrics: RunMetrics) -> Points:
    """List MACs and test error of each model for which both are known."""
    points: Points = {}
    finetuned = metrics.searched or metrics.adapted
    for name, model in metrics.models.items():
        costs = (finetuned if name == "collapsed" else model).costs
        score = model.test.get(metrics.score)
        if score is not None and costs is not None:
            points[name] = costs.macs, 100 * (1 - score)
    return points


def _style_axes(axes: Axes, error: str) -> None:
    axes.margins(0.2)
    axes.set_title(LABEL, loc="left", color=INK, fontsize=9, fontweight="bold")
    axes.set_xlabel("MACs for one image", color=INK, fontsize=8)
    axes.set_ylabel(error, color=INK, fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: format_count(x)))
    axes.tick_params(colors=INK, labelsize=8, length=0)
    axes.grid(color=INK, alpha=0.12, linewidth=0.6)
    axes.spines[:].set_visible(False)
