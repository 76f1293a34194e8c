"""The colours of drawings, and drawings that follow the page's."""

import html
import io

from matplotlib.figure import Figure

INK = "#1f2933"  # Of text and axes; in a page, the page's own.
SOURCE = "#94a0ad"

CANDIDATES = {
    "source": SOURCE,
    "conv5x5": "#1d4ed8",
    "conv3x3": "#3b82f6",
    "conv1x1": "#0891b2",
    "dilated3x3": "#0f766e",
    "separable5x5": "#6d28d9",
    "separable3x3": "#a855f7",
    "dilated_separable3x3": "#4338ca",
    "part_aware": "#9f1239",
    "max_pool": "#c2410c",
    "avg_pool": "#e08a00",
    "globalization": "#be185d",
    "identity": "#15803d",
    "noise": "#dc2626",
    "zero": "#854d0e",
}
OTHER_CANDIDATE = "#ec4899"


def choose_colour(candidate: str) -> str:
    """Choose the colour of a candidate; the source's own is grey."""
    return CANDIDATES.get(candidate, OTHER_CANDIDATE)


def to_svg(figure: Figure, label: str) -> str:
    """Write a figure as an SVG element that takes the page's ink.

    Args:
        figure: a drawing, its text and lines in `INK`.
        label: what it shows, for those who do not see it.
    """
    text = io.StringIO()
    unnamed = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(text, format="svg", transparent=True, metadata=unnamed)
    svg = text.getvalue()
    label = html.escape(label)
    return (
        svg[svg.index("<svg") :]
        .replace(INK, "currentColor")
        .replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    )
