"""What all pictures of architectures draw alike: text, and pills."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import choose_colour
from ntaa_tf.report.ink import choose_text_colour

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
    axes: Axes,
    left: float,
    middle: float,
    width: float,
    candidate: str,
    text: str | None = None,
    is_gone: bool = False,
) -> None:
    """Draw what an operation is called in a box of its colour.

    Args:
        axes: where to draw.
        left: the left end, in inches.
        middle: the height of its middle.
        width: of the box.
        candidate: the operation, which decides the colour.
        text: what it is called; by default its name.
        is_gone: whether nothing is there any more: only the outline is.
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
    """Give the style of a patch; the source's own operation is faint."""
    alpha = 0.35 if candidate == "source" else 1
    return {"color": choose_colour(candidate), "alpha": alpha, "linewidth": 0}


def outline() -> dict[str, Any]:
    """Give the style of a patch where there is nothing any more."""
    return {"fill": False, "edgecolor": INK, "linestyle": (0, (2, 2))}
