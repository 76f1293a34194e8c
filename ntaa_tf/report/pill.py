"""The parts that all drawings of architectures share: text and pills."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import choose_colour
from ntaa_tf.report.ink import choose_text_colour

PILL_HEIGHT = 0.2  # Inches, like all lengths.

TEXT: dict[str, Any] = {
    "color": INK,
    "fontsize": 8,
    "parse_math": False,
    "va": "center_baseline",
}
BOLD = TEXT | {"fontweight": "bold"}
TITLE = BOLD | {"fontsize": 11}


def draw_pill(
    axes: Axes,
    left: float,
    middle: float,
    width: float,
    candidate: str,
    text: str | None = None,
    is_gone: bool = False,
) -> None:
    """Draw the name of an operation in a rounded box of its colour.

    Args:
        axes: axes of the drawing, in inches.
        left: left end of the box.
        middle: vertical middle of the box.
        width: width of the box.
        candidate: the operation, which sets the colour.
        text: text in the box; by default the operation's name.
        is_gone: whether the layer is removed: only an outline is drawn.
    """
    radius = PILL_HEIGHT / 2
    pill = FancyBboxPatch(
        (left, middle - radius),
        width,
        PILL_HEIGHT,
        boxstyle=f"round,pad=0,rounding_size={radius}",
        **(outline() if is_gone else fill(candidate)),
    )
    axes.add_patch(pill)
    inside = TEXT if candidate == "source" or is_gone else BOLD
    if inside is BOLD:
        inside = BOLD | {"color": choose_text_colour(choose_colour(candidate))}
    axes.text(
        left + width / 2, middle, text or candidate, ha="center", **inside
    )


def fill(candidate: str) -> dict[str, Any]:
    """Return the style of a patch; the source's own operation is faint."""
    alpha = 0.35 if candidate == "source" else 1
    return {"color": choose_colour(candidate), "alpha": alpha, "linewidth": 0}


def outline() -> dict[str, Any]:
    """Return the style of a patch for a removed layer: a dashed outline."""
    return {"fill": False, "edgecolor": INK, "linestyle": (0, (2, 2))}
