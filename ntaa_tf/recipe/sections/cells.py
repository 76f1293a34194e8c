"""Choices of a network of searched cells."""

from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.choices import invalid
from ntaa_tf.recipe.conditions import WITH_CELLS
from ntaa_tf.recipe.values import TASKS


@dataclass(frozen=True)
class Cells(Section):
    """The size of Auto-ReID's network, and the operations of its cells."""

    title = "Cells"

    cell_search_space: str | None = choice(
        None,
        "Operations of a cell: those for classification leave out the "
        "part-aware module. Default: those for --task.",
        options=TASKS,
        used_with=WITH_CELLS,
    )
    cell_channels: int = choice(
        32,
        "Number of channels of the stem and of the first cells, even.",
        minimum=4,
        used_with=WITH_CELLS,
    )
    cells_per_block: int = choice(
        2,
        "Number of cells in each of the four blocks.",
        minimum=1,
        used_with=WITH_CELLS,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cell_channels % 2:
            raise invalid("cell_channels", "an even number", self.cell_channels)
