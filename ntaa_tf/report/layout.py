"""The positions of all parts in the drawing of an architecture."""

import math
from dataclasses import dataclass

LANDSCAPE = 1.8  # Approximate ratio of width to height.

# All lengths are in inches.
MARGIN = 0.3
LEGEND_TOP, LEGEND_WIDTH, LEGEND_HEIGHT = 0.92, 1.8, 0.24
HEADER = 0.3  # The titles of the two networks.
PILL_WIDTH = 1.2
ARROW = 0.32  # From the source's operation to the adapted one.
ROW = 0.27
MARK = 0.35  # Space for the mark of a site's input.
GAP = 0.35  # Between two columns.
CHARACTER = 0.073  # Width of a character at 8 points.


@dataclass(frozen=True)
class Layout:
    """Positions in inches from the upper left corner.

    Args:
        sites: number of sites.
        longest: number of characters in the longest site name.
        items: number of entries in the legend.
    """

    sites: int
    longest: int
    items: int

    @property
    def column(self) -> float:
        """The width of a column, its gap included."""
        pills = 2 * PILL_WIDTH + ARROW
        return CHARACTER * self.longest + pills + MARK + GAP

    @property
    def columns(self) -> int:
        """The number of columns that comes nearest to the ratio `LANDSCAPE`.

        With c columns the sites are c · `column` wide and sites · ROW / c high.
        Their ratio, c² · `column` / (sites · ROW), shall be `LANDSCAPE`.
        """
        square = LANDSCAPE * self.sites * ROW / self.column
        return max(1, round(math.sqrt(square)))

    @property
    def rows(self) -> int:
        """The number of sites in a column."""
        return math.ceil(self.sites / self.columns)

    @property
    def inner_width(self) -> float:
        """The width without margins."""
        return max(self.columns * self.column - GAP, 2 * LEGEND_WIDTH)

    @property
    def items_per_row(self) -> int:
        """The number of legend entries side by side."""
        return int(self.inner_width // LEGEND_WIDTH)

    @property
    def top(self) -> float:
        """The upper edge of the sites."""
        rows = math.ceil(self.items / self.items_per_row)
        return LEGEND_TOP + rows * LEGEND_HEIGHT + HEADER + 0.15

    @property
    def size(self) -> tuple[float, float]:
        """The width and height of the drawing."""
        height = self.top + self.rows * ROW + MARGIN
        return self.inner_width + 2 * MARGIN, height

    def place(self, index: int) -> tuple[float, float]:
        """Return the left end of a site's first pill, and its middle height."""
        column, row = divmod(index, self.rows)
        left = MARGIN + column * self.column + CHARACTER * self.longest
        return left, self.top + (row + 0.5) * ROW
