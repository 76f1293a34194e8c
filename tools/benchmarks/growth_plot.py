"""Plot of the growth of the supernet's training step."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntaa_tf.report.ink import CANDIDATES
from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import SOURCE

COLOURS = {
    "merged": CANDIDATES["conv5x5"],
    "one by one": CANDIDATES["max_pool"],
    "supernet": CANDIDATES["conv5x5"],
    "plain finetuning": SOURCE,
}
TITLES = {
    "candidates": "linear candidates at a site",
    "batch": "images in a batch",
    "pixels": "height and width of an image, pixels",
}
# On these axes both scales are logarithmic: equal slopes are equal growth.
LOGARITHMIC = ("batch", "pixels")
SIZE = (10.5, 3.4)  # inches


def draw_growth(axes: dict[str, list[dict[str, Any]]]) -> Figure:
    """Draw the seconds of a training step over each axis.

    Args:
        axes: points of each axis, from `growth.list_points`.
    """
    figure = Figure(figsize=SIZE, layout="constrained")
    panels = figure.subplots(1, len(axes))
    for panel, (axis, points) in zip(panels, axes.items(), strict=True):
        _draw_points(panel, points)
        panel.set_xlabel(TITLES[axis], color=INK)
        if axis in LOGARITHMIC:
            panel.set_yscale("log", base=2)
            panel.yaxis.set_major_formatter("{x:g}")
        else:
            panel.set_ylim(bottom=0)
    panels[0].set_ylabel("seconds of a training step", color=INK)
    return figure


def _draw_points(panel: Axes, points: list[dict[str, Any]]) -> None:
    values = [point["value"] for point in points]
    for label in points[0]["steps"]:
        seconds = [point["steps"][label]["wall_median"] for point in points]
        panel.plot(values, seconds, "o-", color=COLOURS[label], label=label)
    panel.set_xscale("log", base=2)
    panel.set_xticks(values, map(str, values))
    panel.minorticks_off()
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(colors=INK)
    panel.legend(frameon=False, loc="upper left", labelcolor="linecolor")
