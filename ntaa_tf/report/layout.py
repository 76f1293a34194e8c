"""Where things stand in the picture of an architecture."""

import math
from dataclasses import dataclass

LANDSCAPE = 1.8  # How many times wider than high, about.

# All lengths are in inches.
MARGIN = 0.3
LEGEND_TOP, LEGEND_WIDTH, LEGEND_HEIGHT = 0.92, 1.8, 0.24
HEADER = 0.3  # What the two networks are called.
PILL_WIDTH = 1.2
ARROW = 0.32  # From the source's operation to the adapted one.
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
        pills = 2 * PILL_WIDTH + ARROW
        return CHARACTER * self.longest + pills + MARK + GAP

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
        return max(self.columns * self.column - GAP, 2 * LEGEND_WIDTH)

    @property
    def items_per_row(self) -> int:
        """How many entries of the legend stand side by side."""
        return int(self.inner_width // LEGEND_WIDTH)

    @property
    def top(self) -> float:
        """The upper edge of the sites."""
        rows = math.ceil(self.items / self.items_per_row)
        return LEGEND_TOP + rows * LEGEND_HEIGHT + HEADER + 0.15

    @property
    def size(self) -> tuple[float, float]:
        """The width and height of the picture."""
        height = self.top + self.rows * ROW + MARGIN
        return self.inner_width + 2 * MARGIN, height

    def place(self, index: int) -> tuple[float, float]:
        """Give the left end of a site's first pill, and its middle."""
        column, row = divmod(index, self.rows)
        left = MARGIN + column * self.column + CHARACTER * self.longest
        return left, self.top + (row + 0.5) * ROW
