"""What all pictures of architectures draw alike: text, and pills."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import choose_colour

PILL_HEIGHT = 0.2  # In inches, as all lengths.

TEXT: dict[str, Any] = {
    "color": INK,
    "fontsize": 8,
    "parse_math": False,
    "va": "center_baseline",
}
BOLD = TEXT | {"fontweight": "bold"}
TITLE = BOLD | {"fontsize": 11}


def draw_pill(
    axes: Axes, left: float, middle: float, width: float, candidate: str
) -> None:
    """Draw the name of a candidate in a box of its colour."""
    radius = PILL_HEIGHT / 2
    pill = FancyBboxPatch(
        (left, middle - radius),
        width,
        PILL_HEIGHT,
        boxstyle=f"round,pad=0,rounding_size={radius}",
        **fill(candidate),
    )
    axes.add_patch(pill)
    inside = TEXT if candidate == "source" else BOLD | {"color": "white"}
    axes.text(left + width / 2, middle, candidate, ha="center", **inside)


def fill(candidate: str) -> dict[str, Any]:
    """Give the style of a patch; the source's own operation is faint."""
    alpha = 0.35 if candidate == "source" else 1
    return {"color": choose_colour(candidate), "alpha": alpha, "linewidth": 0}
