"""Auto-ReID's network has the stages of the paper."""

import keras
import pytest

from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.cell_node import CellNode
from ntaa_tf.zoo import choose_image_size
from ntaa_tf.zoo import find_source
from ntaa_tf.zoo.autoreid import build_autoreid


def list_nodes(model):
    return [layer for layer in model.layers if isinstance(layer, CellNode)]


@pytest.fixture(scope="module")
def model():
    """A network with two cells in each block.

    Its images have the fewest rows that the part-aware module accepts, and
    both sides are odd.
    """
    return build_autoreid((49, 19), channels=4, cells_per_block=2)


@pytest.fixture(scope="module")
def classifying():
    """The smallest network for classification."""
    return build_autoreid((16, 16), "classification", 4, 1)


@pytest.mark.long
def test_channels_double_and_maps_halve_from_block_to_block(model):
    cells = [model.get_layer(f"cell{index}").output for index in range(8)]
    assert [cell.shape[1:] for cell in cells] == [
        *[(25, 10, 16)] * 2,
        *[(13, 5, 32)] * 2,
        *[(7, 3, 64)] * 2,
        *[(4, 2, 128)] * 2,
    ]


@pytest.mark.long
def test_cells_of_a_kind_share_their_choice(model):
    choices = [x for x in model.layers if isinstance(x, CellChoice)]
    assert {choice.name for choice in choices} == {"normal", "reduction"}
    kinds = {
        node.name.partition("_")[0]: node.kind for node in list_nodes(model)
    }
    reducing = {name for name, kind in kinds.items() if kind == "reduction"}
    assert len(kinds) == 8
    assert reducing == {"cell2", "cell4", "cell6"}


@pytest.mark.long
def test_fourteen_edges_of_seven_operations_lead_to_each_cell(model):
    nodes = [node for node in list_nodes(model) if "cell0" in node.name]
    assert sum(len(node.geometries) for node in nodes) == 14
    assert {len(node.operations) for node in nodes} == {7}
    choices = [x for x in model.layers if isinstance(x, CellChoice)]
    assert [choice.logits.shape for choice in choices] == [(14, 7)] * 2


@pytest.mark.long
def test_classification_has_no_part_aware_module(classifying):
    for node in list_nodes(classifying):
        assert "part_aware" not in node.operations
        assert len(node.operations) == 6


def test_maps_too_small_for_parts_are_refused():
    with pytest.raises(ValueError, match=r"48 rows.*at least 49"):
        build_autoreid((48, 16), channels=4, cells_per_block=1)


@pytest.mark.parametrize("size", [(64, 8), (15, 64)])
def test_maps_without_pixels_are_refused(size):
    with pytest.raises(ValueError, match=r"`image_size`.*at least 16"):
        build_autoreid(size, "classification", 4, 1)


def test_it_is_found_by_its_name():
    for weights in ("imagenet", "none"):
        info = find_source("autoreid", weights)
        assert not info.pretrained
        assert choose_image_size(info, (64, 32)) == (64, 32)
    with pytest.raises(ValueError, match=r"`weights` can't be set for 'auto"):
        find_source("autoreid", "weights.h5")


@pytest.mark.long
def test_it_takes_raw_images(classifying):
    images = keras.ops.full((1, 16, 16, 3), 255.0)
    stem_input = classifying.get_layer("stem").input
    normalized = keras.Model(classifying.input, stem_input)(images)
    assert float(keras.ops.max(normalized)) == pytest.approx(2.64, abs=0.01)
