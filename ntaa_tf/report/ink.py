"""The colours of drawings, and SVG elements in the colours of the page."""

import io
import warnings

from markupsafe import Markup
from markupsafe import escape
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

INK = "#1f2933"  # Text and axes; a page replaces it by its own text colour.
SOURCE = "#94a0ad"

# Each kind of operation has a hue that colour-blind readers can distinguish
# (after Okabe and Ito); a larger kernel is darker.
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
# Operations that remove a layer: they are drawn as a gap.
REMOVING = ("identity", "noise", "zero")
# Weights of red, green and blue in the relative luminance, and the luminance at
# which black and white text contrast equally (WCAG 2: √(1.05 · 0.05) − 0.05).
LUMINANCE = (0.2126, 0.7152, 0.0722)
GAMMA = 2.2
MIDDLE = 0.18


def choose_colour(candidate: str) -> str:
    """Return the colour of a candidate; the source's own is grey."""
    return CANDIDATES.get(candidate, OTHER_CANDIDATE)


def choose_text_colour(background: str) -> str:
    """Return black or white, whichever contrasts more with a colour.

    Example:
    >>> choose_text_colour("#f0a30a"), choose_text_colour("#084a83")
    ('black', 'white')
    """
    parts = zip(LUMINANCE, to_rgb(background), strict=True)
    luminance = sum(weight * part**GAMMA for weight, part in parts)
    return "black" if luminance > MIDDLE else "white"


def to_svg(figure: Figure, label: str) -> Markup:
    """Convert a figure to an SVG element in the text colour of the page.

    Args:
        figure: a drawing with text and lines in `INK`.
        label: description for screen readers.

    Returns:
        The element, its texts escaped: templates insert it as it is.
    """
    text = io.StringIO()
    unnamed = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    # Text stays text: fonts of the reader have scripts that ours lack.
    with rc_context({"svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(text, format="svg", transparent=True, metadata=unnamed)
    svg = text.getvalue()
    return Markup(
        svg[svg.index("<svg") :]
        .replace(INK, "currentColor")
        .replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)
    )
