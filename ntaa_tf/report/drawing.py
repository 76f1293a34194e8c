"""The picture of an architecture: what each site became, in order."""

import collections
import math
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.files import write_atomically
from ntaa_tf.report.cell_drawing import draw_cells
from ntaa_tf.report.cell_drawing import list_cells
from ntaa_tf.report.ink import SOURCE
from ntaa_tf.report.pill import BOLD
from ntaa_tf.report.pill import PILL_HEIGHT
from ntaa_tf.report.pill import TEXT
from ntaa_tf.report.pill import TITLE
from ntaa_tf.report.pill import draw_pill
from ntaa_tf.report.pill import fill

DOTS_PER_INCH = 150
LANDSCAPE = 1.8  # How many times wider than high, about.

# All lengths are in inches.
MARGIN = 0.3
STRIP_TOP, STRIP_HEIGHT = 0.6, 0.2
LEGEND_TOP, LEGEND_WIDTH, LEGEND_HEIGHT = 0.92, 1.55, 0.24
PILL_WIDTH = 1.2
ROW = 0.27
MARK = 0.35  # The space for the mark of what a site reads.
GAP = 0.35  # Between two columns.
CHARACTER = 0.073  # The width of one, at a size of 8 points.


@dataclass(frozen=True)
class Layout:
    """Where things are, in inches from the upper left corner.

    Args:
        sites: how many there are.
        longest: characters of the longest name.
        items: entries of the legend.
    """

    sites: int
    longest: int
    items: int

    @property
    def column(self) -> float:
        """The width of a column with its gap."""
        return CHARACTER * self.longest + PILL_WIDTH + MARK + GAP

    @property
    def columns(self) -> int:
        """How many columns make a picture as wide as `LANDSCAPE`."""
        area = LANDSCAPE * self.sites * ROW / self.column
        return max(1, round(math.sqrt(area)))

    @property
    def rows(self) -> int:
        """How many sites stand in a column."""
        return math.ceil(self.sites / self.columns)

    @property
    def inner_width(self) -> float:
        """The width without margins."""
        return max(self.columns * self.column - GAP, 3 * LEGEND_WIDTH)

    @property
    def items_per_row(self) -> int:
        """How many entries of the legend stand side by side."""
        return int(self.inner_width // LEGEND_WIDTH)

    @property
    def top(self) -> float:
        """The upper edge of the sites."""
        rows = math.ceil(self.items / self.items_per_row)
        return LEGEND_TOP + rows * LEGEND_HEIGHT + 0.25

    @property
    def size(self) -> tuple[float, float]:
        """The width and height of the picture."""
        height = self.top + self.rows * ROW + MARGIN
        return self.inner_width + 2 * MARGIN, height

    def place(self, index: int) -> tuple[float, float]:
        """Give the right end and the middle of a site's pill."""
        column, row = divmod(index, self.rows)
        right = MARGIN + (column + 1) * self.column - GAP - MARK
        return right, self.top + (row + 0.5) * ROW


def draw_architecture(architecture: Architecture, path: Path) -> None:
    """Draw an architecture as a PNG file.

    What kept the source's operation is grey; ↑n marks a site that reads from
    n sites back. Of cells each node is drawn as the sum that it is.

    Args:
        architecture: any number of sites; many stand in several columns.
        path: the file to write.
    """
    figure = make_figure(architecture)
    with write_atomically(path) as unfinished:
        figure.savefig(unfinished, dpi=DOTS_PER_INCH, facecolor="white")


def make_figure(architecture: Architecture) -> Figure:
    """Draw an architecture as a figure."""
    cells = list_cells(architecture)
    if cells:
        return draw_cells(cells)
    sites = list(architecture.sites.items())
    counts = collections.Counter(choice.candidate for _, choice in sites)
    longest = max((len(name) for name, _ in sites), default=0)
    layout = Layout(len(sites), longest, len(counts))
    figure = Figure(figsize=layout.size)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, layout.size[0]), ylim=(layout.size[1], 0))
    axes.axis("off")
    _draw_title(axes, layout, architecture)
    _draw_strip(axes, layout, [choice.candidate for _, choice in sites])
    _draw_legend(axes, layout, counts)
    for index, (name, choice) in enumerate(sites):
        right, middle = layout.place(index)
        if index % layout.rows:
            _draw_link(axes, right, middle)
        _draw_site(axes, right, middle, name, choice)
    return figure


def _draw_title(axes: Axes, layout: Layout, architecture: Architecture) -> None:
    changed, sites = architecture.changed(), architecture.sites
    title = f"Sites that changed: {len(changed)} of {len(sites)}"
    axes.text(MARGIN, MARGIN + 0.08, title, **TITLE)
    if any(choice.reads for choice in sites.values()):
        right = MARGIN + layout.inner_width
        mark = "↑n  reads from n sites back"
        axes.text(right, MARGIN + 0.08, mark, ha="right", **TEXT)


def _draw_strip(axes: Axes, layout: Layout, candidates: list[str]) -> None:
    """Draw all sites at a glance, as cells of one strip."""
    cell = layout.inner_width / max(1, len(candidates))
    width = cell - min(0.02, 0.1 * cell)
    for index, candidate in enumerate(candidates):
        corner = MARGIN + index * cell, STRIP_TOP
        patch = Rectangle(corner, width, STRIP_HEIGHT, **fill(candidate))
        axes.add_patch(patch)


def _draw_legend(
    axes: Axes, layout: Layout, counts: collections.Counter[str]
) -> None:
    for index, (candidate, count) in enumerate(counts.most_common()):
        row, column = divmod(index, layout.items_per_row)
        left = MARGIN + column * LEGEND_WIDTH
        middle = LEGEND_TOP + (row + 0.5) * LEGEND_HEIGHT
        corner = left, middle - 0.06
        axes.add_patch(Rectangle(corner, 0.12, 0.12, **fill(candidate)))
        axes.text(left + 0.19, middle, f"{candidate} · {count}", **TEXT)


def _draw_link(axes: Axes, right: float, middle: float) -> None:
    """Join a pill to the one above."""
    centre, top = right - PILL_WIDTH / 2, middle - PILL_HEIGHT / 2
    axes.vlines(centre, top - ROW + PILL_HEIGHT, top, SOURCE, linewidth=1)


def _draw_site(
    axes: Axes, right: float, middle: float, name: str, choice: SiteChoice
) -> None:
    """Draw a site: its name, its candidate as a pill, and what it reads."""
    left = right - PILL_WIDTH
    axes.text(left - 0.1, middle, name, ha="right", alpha=0.7, **TEXT)
    draw_pill(axes, left, middle, PILL_WIDTH, choice.candidate)
    if choice.reads:
        axes.text(right + 0.08, middle, f"↑{choice.reads}", **BOLD)
