"""The colours of drawings, and drawings that follow the page's."""

import html
import io
import warnings

from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

INK = "#1f2933"  # Of text and axes; in a page, the page's own.
SOURCE = "#94a0ad"

# Of each kind of operation a hue that the colour-blind tell from the others
# (after Okabe and Ito), the larger kernel the darker.
CANDIDATES = {
    "source": SOURCE,
    "conv5x5": "#084a83",
    "conv3x3": "#0072b2",
    "conv1x1": "#56b4e9",
    "dilated3x3": "#3f8fd1",
    "separable5x5": "#00664b",
    "separable3x3": "#009e73",
    "dilated_separable3x3": "#46c39f",
    "part_aware": "#5b3a8e",
    "max_pool": "#c14a00",
    "avg_pool": "#f0a30a",
    "globalization": "#aa3377",
    "identity": "#6b7280",
    "noise": "#8f1d3f",
    "zero": "#4b3a2a",
}
OTHER_CANDIDATE = "#ec4899"
# Operations that leave nothing of a layer: they are drawn as a gap.
REMOVING = ("identity", "noise", "zero")
# By how much red, green and blue add to luminance, and where black and white
# contrast alike (WCAG 2).
LUMINANCE = (0.2126, 0.7152, 0.0722)
GAMMA = 2.2
MIDDLE = 0.18


def choose_colour(candidate: str) -> str:
    """Choose the colour of a candidate; the source's own is grey."""
    return CANDIDATES.get(candidate, OTHER_CANDIDATE)


def choose_text_colour(background: str) -> str:
    """Choose black or white, whichever reads on a colour.

    Example:
    >>> choose_text_colour("#f0a30a"), choose_text_colour("#084a83")
    ('black', 'white')
    """
    parts = zip(LUMINANCE, to_rgb(background), strict=True)
    luminance = sum(weight * part**GAMMA for weight, part in parts)
    return "black" if luminance > MIDDLE else "white"


def to_svg(figure: Figure, label: str) -> str:
    """Write a figure as an SVG element that takes the page's ink.

    Args:
        figure: a drawing, its text and lines in `INK`.
        label: what it shows, for those who do not see it.
    """
    text = io.StringIO()
    unnamed = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    # Text stays text: the reader's fonts have scripts that ours has not.
    with rc_context({"svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(text, format="svg", transparent=True, metadata=unnamed)
    svg = text.getvalue()
    label = html.escape(label)
    return (
        svg[svg.index("<svg") :]
        .replace(INK, "currentColor")
        .replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    )
