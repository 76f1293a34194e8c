"""Cells are drawn as sums, and sites are not taken for cells."""

from report.test_architecture_drawing import pills_of
from report.test_architecture_drawing import texts_of

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.layers.cell_node import CELL_OPERATIONS
from ntaa_tf.layers.cells import PLAIN_CELL
from ntaa_tf.report.architecture_drawing import draw_architecture
from ntaa_tf.report.architecture_drawing import make_figure
from ntaa_tf.report.cell_drawing import list_cells
from ntaa_tf.report.ink import OTHER_CANDIDATE
from ntaa_tf.report.ink import choose_colour

CELLS = Architecture(
    {
        f"{kind}_{edge}": SiteChoice(operation)
        for kind in ("normal", "reduction")
        for edge, operation in {
            **PLAIN_CELL,
            "node3_from4": "part_aware",
        }.items()
        if edge != "node3_from0"
    }
)


def test_every_edge_is_found_at_its_node():
    cells = list_cells(CELLS)
    assert list(cells) == ["normal", "reduction"]
    assert list(cells["normal"]) == [0, 1, 2, 3]
    assert cells["normal"][0] == [("separable3x3", 0), ("separable3x3", 1)]
    assert cells["normal"][3] == [("separable3x3", 1), ("part_aware", 4)]


def test_sites_are_no_cells():
    assert list_cells(Architecture({"conv1": SiteChoice("source")})) == {}
    assert list_cells(Architecture({})) == {}


def test_each_node_is_a_sum_of_operations_and_states():
    figure = make_figure(CELLS)
    texts = texts_of(figure)
    assert len(pills_of(figure)) == 16
    assert texts.count("=") == texts.count("+") == 8
    assert {"The normal cell", "The reduction cell", "c−2", "c−1"} <= {*texts}
    # As a node and, beside the part-aware module, as what it is applied to.
    assert texts.count("node 2") == 4


def test_operations_have_colours_of_their_own(tmp_path):
    colours = [choose_colour(name) for name in CELL_OPERATIONS]
    assert len({*colours, OTHER_CANDIDATE}) == len(CELL_OPERATIONS) + 1
    draw_architecture(CELLS, tmp_path / "cells.png")
    assert (tmp_path / "cells.png").stat().st_size > 1000
