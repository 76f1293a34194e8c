"""Cells: edges derived by the published rule, nodes that mix and collapse."""

import dataclasses
import functools
import itertools

import keras
import numpy as np
import pytest

from ntaa_tf.geometry import Geometry
from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.cell_node import CELL_OPERATIONS
from ntaa_tf.layers.cell_node import CellNode
from ntaa_tf.layers.cell_node import make_operation
from ntaa_tf.layers.cells import EDGES
from ntaa_tf.layers.cells import FIRST_EDGES
from ntaa_tf.layers.cells import NODES
from ntaa_tf.layers.cells import NONE
from ntaa_tf.layers.cells import PLAIN_CELL
from ntaa_tf.layers.cells import check_cell
from ntaa_tf.layers.cells import format_cell
from ntaa_tf.layers.cells import list_edges
from ntaa_tf.layers.cells import parse_cell

OPERATIONS = (*CELL_OPERATIONS, NONE)


def make_choice(logits=None, **options):
    choice = CellChoice(OPERATIONS, name="normal", **options)
    choice.build(None)
    if logits is not None:
        choice.logits.assign(logits)
    return choice


def make_geometry(rows=8, columns=6, strides=1, channels=6):
    # The padding of Keras's `same` at even sizes.
    pads = (0, 1) if strides == 2 else (1, 1)
    return Geometry(
        kind="dense",
        kernel_size=(3, 3),
        strides=(strides, strides),
        dilation=(1, 1),
        padding=(pads, pads),
        input_size=(rows, columns),
        in_channels=channels,
        out_channels=channels,
    )


def derive_slowly(logits):
    """Derive a cell by the paper's rule, in plain numpy."""
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    probabilities = exponentials / exponentials.sum(-1, keepdims=True)
    cell = {}
    for node in range(NODES):
        found = []
        for edge in list_edges(node):
            row = probabilities[EDGES.index(edge)]
            pairs = [
                (p, name)
                for p, name in zip(row, OPERATIONS, strict=True)
                if name != NONE
            ]
            found.append((max(pairs, key=lambda pair: pair[0]), edge))
        found.sort(key=lambda item: -item[0][0])  # Stable: first of equal.
        cell |= {edge: name for (_, name), edge in found[:2]}
    return cell


def test_a_cell_has_fourteen_edges_to_four_nodes():
    assert len(EDGES) == len(set(EDGES)) == 14
    assert FIRST_EDGES == [0, 2, 5, 9]
    assert list_edges(2) == [f"node2_from{state}" for state in range(4)]


def test_a_cell_is_derived_by_the_strength_of_edges(rng):
    choice = make_choice()
    for _ in range(60):
        logits = rng.normal(size=(14, 7)).astype("float32") * 3
        choice.logits.assign(logits)
        assert dict(choice.cell) == derive_slowly(logits)


def test_every_node_keeps_two_distinct_inputs_and_none_is_never_chosen(rng):
    choice = make_choice()
    for _ in range(20):
        logits = rng.normal(size=(14, 7)).astype("float32")
        logits[:, OPERATIONS.index(NONE)] += 5  # Always the most probable.
        choice.logits.assign(logits)
        cell = choice.cell
        check_cell(cell, OPERATIONS)
        assert NONE not in cell.values()


def test_none_makes_an_edge_weaker():
    """It is never chosen, but stays in the denominator."""
    logits = np.zeros((14, 7), "float32")
    logits[0, 0] = 2.0
    logits[0, OPERATIONS.index(NONE)] = 6.0
    for edge in EDGES[2:5]:
        logits[EDGES.index(edge), 1] = 1.0
    third = EDGES.index("node1_from0")
    logits[third, 1] = 3.0
    logits[third, OPERATIONS.index(NONE)] = 6.0
    cell = make_choice(logits).cell
    assert "node1_from0" not in cell
    assert cell["node1_from1"] == cell["node1_from2"] == "max_pool"
    assert cell["node0_from0"] == "part_aware"


def test_of_equal_edges_and_operations_the_first_is_kept():
    cell = make_choice(np.zeros((14, 7))).cell
    assert cell == {
        f"node{node}_from{state}": OPERATIONS[0]
        for node in range(NODES)
        for state in (0, 1)
    }


def test_coefficients_are_the_softmax_until_they_end(rng):
    logits = rng.normal(size=(14, 7)).astype("float32")
    choice = make_choice(logits)
    exponentials = np.exp(logits)
    softmax = exponentials / exponentials.sum(-1, keepdims=True)
    for start_pull in (0.0, 1.0):  # Ignored: there is no source.
        choice.set_pulls(start_pull, 0.0)
        np.testing.assert_allclose(choice.coefficients(), softmax, atol=1e-6)
    choice.set_pulls(0.0, 1.0)
    coefficients = np.asarray(choice.coefficients())
    np.testing.assert_array_equal(coefficients.sum(-1), 1)
    kept = {
        edge: OPERATIONS[row.argmax()]
        for edge, row in zip(EDGES, coefficients, strict=True)
    }
    assert {e: o for e, o in kept.items() if o != NONE} == choice.cell
    choice.set_pulls(0.0, 0.25)
    np.testing.assert_allclose(
        choice.coefficients(), 0.75 * softmax + 0.25 * coefficients, atol=1e-6
    )


def test_logits_begin_small_and_by_their_seed():
    first, again, other = (make_choice(seed=seed).logits for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert 0 < np.abs(first).max() < 0.01


def test_a_cell_can_be_chosen_and_read_back(rng):
    choice = make_choice()
    assert choice.changed
    for _ in range(20):
        option = choice.draw_option(rng)
        choice.choose(option)
        assert parse_cell(choice.winner) == parse_cell(option)
        np.testing.assert_array_equal(
            np.sum(np.asarray(choice.coefficients()) > 0.5), 14
        )
    choice.choose(format_cell(PLAIN_CELL))
    assert not choice.changed


def test_drawn_cells_are_spread_over_edges_and_operations(rng):
    choice = make_choice()
    drawn = [parse_cell(choice.draw_option(rng)) for _ in range(300)]
    counts = {
        edge: sum(edge in cell for cell in drawn) for edge in list_edges(2)
    }
    assert all(100 < count < 200 for count in counts.values())
    used = list(itertools.chain(*(cell.values() for cell in drawn)))
    assert set(used) == set(CELL_OPERATIONS)
    assert NONE not in used


@pytest.mark.parametrize(
    "change",
    [
        {"node0_from0": NONE},
        {"node0_from0": "conv5x5"},
        {"node2_from3": "max_pool"},
        {"node4_from0": "max_pool"},
    ],
)
def test_an_invalid_cell_is_an_error(change):
    with pytest.raises(ValueError, match=r"`architecture`\. Expected 2 edges"):
        check_cell({**PLAIN_CELL, **change}, OPERATIONS)


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("name", list(CELL_OPERATIONS))
def test_each_operation_keeps_the_grid_and_collapses_exactly(
    name, strides, rng
):
    geometry = make_geometry(strides=strides)
    operation = make_operation(name, geometry)
    images = rng.normal(size=(2, 8, 6, 6)).astype("float32")
    operation(images, training=True)
    expected = operation(images)
    assert expected.shape == (2, 8 // strides, 6 // strides, 6)
    tensor = images
    for layer in operation.plain_layers("site"):
        for inner in layer._flatten_layers():
            assert type(inner).__module__.startswith("keras.")
        tensor = layer(tensor)
    np.testing.assert_array_equal(tensor, expected)


@pytest.mark.parametrize("rows", [7, 8])
@pytest.mark.parametrize(
    "name", ["max_pool", "avg_pool", "separable3x3", "dilated_separable3x3"]
)
def test_strided_operations_are_centred_on_the_same_pixels(name, rows, rng):
    """Changing a row changes only the outputs centred near it."""
    pads = (0, 1) if rows == 8 else (1, 1)
    geometry = dataclasses.replace(
        make_geometry(rows, rows, 2), padding=(pads, pads)
    )
    operation = make_operation(name, geometry)
    image = rng.uniform(1, 2, (1, rows, rows, 6)).astype("float32")
    before = np.asarray(operation(image))
    reach = {"dilated_separable3x3": (-2, 0, 2), "separable3x3": range(-3, 4)}
    for row in range(rows):
        changed = image.copy()
        changed[:, row] += 9.0
        sees = np.any(np.asarray(operation(changed)) != before, axis=(0, 2, 3))
        centres = geometry.offset[0] + 2 * np.arange(len(sees))
        allowed = reach.get(name, (-1, 0, 1))
        near = [row - centre in allowed for centre in centres]
        assert not np.any(sees & ~np.array(near)), row
        assert np.all(sees[centres == row])


def test_average_pooling_leaves_the_border_out():
    operation = make_operation("avg_pool", make_geometry())
    ones = np.ones((1, 8, 6, 6), "float32")
    np.testing.assert_allclose(operation(ones), ones, atol=1e-6)


def test_a_strided_identity_sees_both_diagonals(rng):
    operation = make_operation("identity", make_geometry(strides=2))
    images = rng.normal(size=(1, 8, 6, 6)).astype("float32")
    outputs = np.asarray(operation(images))
    for row, column, changes in ((0, 0, 1), (1, 1, 1), (0, 1, 0), (1, 0, 0)):
        other = images.copy()
        other[:, row::2, column::2] += 3.0
        assert np.any(np.asarray(operation(other)) != outputs) == changes


@functools.cache
def make_node(node=1, strides=1):
    """Build a node once for all tests; none of them trains it."""
    geometries = [
        make_geometry(strides=strides if state < 2 else 1)
        if state < 2 or strides == 1
        else make_geometry(4, 3)
        for state in range(node + 2)
    ]
    return CellNode(geometries, OPERATIONS, "normal", node, name="cell0_node1")


def call_node(layer, rng, coefficients):
    states = [
        rng.normal(size=(2, *g.input_size, g.in_channels)).astype("float32")
        for g in layer.geometries
    ]
    return states, layer([coefficients, *states])


def test_a_node_is_the_sum_of_all_operations_of_all_edges(rng):
    layer = make_node()
    coefficients = rng.uniform(size=(14, 7)).astype("float32")
    states, mixed = call_node(layer, rng, coefficients)
    expected = 0.0
    for edge, state in enumerate(states):
        for index, name in enumerate(CELL_OPERATIONS):
            operation = layer.candidates[edge * len(CELL_OPERATIONS) + index]
            assert operation.name == name
            expected += coefficients[2 + edge, index] * operation(state)
    np.testing.assert_allclose(mixed, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("strides", [1, 2])
def test_a_settled_node_is_what_it_collapses_into(strides, rng):
    layer = make_node(strides=strides)
    choice = make_choice()
    choice.choose(choice.draw_option(rng))
    states, settled = call_node(layer, rng, choice.coefficients())
    inputs = [keras.Input(state.shape[1:]) for state in states]
    outputs = layer.connect_plainly([None, *inputs], choice.cell)
    plain = keras.Model(inputs, outputs)
    np.testing.assert_allclose(plain(states), settled, atol=1e-5)


def test_a_network_of_choice_and_node_is_saved_and_opened(rng, tmp_path):
    inputs = keras.Input((8, 6, 6))
    coefficients = CellChoice(OPERATIONS, seed=3, name="normal")(inputs)
    outputs = make_node(0)([coefficients, inputs, inputs])
    model = keras.Model(inputs, outputs)
    model.get_layer("normal").choose(model.get_layer("normal").draw_option(rng))
    model.save(tmp_path / "model.keras")
    reopened = keras.models.load_model(tmp_path / "model.keras")
    images = rng.normal(size=(2, 8, 6, 6)).astype("float32")
    np.testing.assert_allclose(reopened(images), model(images), atol=1e-6)
    assert reopened.get_layer("normal").cell == model.get_layer("normal").cell
