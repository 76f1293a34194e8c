"""Whole runs of networks of cells, and what they refuse."""

import itertools

import keras
import pytest
from whole_runs import run

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.checks import suggest_savings
from ntaa_tf.pipeline import inspect
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import switch
from ntaa_tf.storage.files import read_json

SMOKE = make_recipe(
    model="autoreid",
    cell_channels=4,
    cells_per_block=1,
    image_size="16",
    method="random",
    smoke=True,
    baseline=False,
)


def read_architecture(path):
    text = (path / "search" / "architecture.json").read_text()
    return Architecture.from_json(text)


@pytest.mark.long
def test_cells_are_drawn_and_trained_again_elsewhere(tmp_path):
    """And the network is plain Keras, from images to classes."""
    drawn = tmp_path / "random"
    metrics = run(switch(SMOKE, workdir=str(drawn)))
    assert metrics["collapse_difference"] < 1e-5
    assert metrics["adapted"]["macs"] != metrics["source"]["macs"]
    architecture = read_architecture(drawn)
    for kind, node in itertools.product(("normal", "reduction"), range(4)):
        edges = f"{kind}_node{node}_from"
        assert sum(edges in site for site in architecture.sites) == 2
    adapted = keras.models.load_model(drawn / "adapted.keras")
    for layer in adapted.layers:
        assert type(layer).__module__.startswith("keras.")
    again = tmp_path / "retrain"
    run(
        switch(
            SMOKE,
            method="retrain",
            architecture=str(drawn / "search" / "architecture.json"),
            workdir=str(again),
        )
    )
    assert read_architecture(again) == architecture
    costs = [
        read_json(path / "metrics.json")["adapted"]["macs"]
        for path in (drawn, again)
    ]
    assert costs[0] == costs[1]


def test_inspection_tells_of_edges(tmp_path):
    text = inspect(switch(SMOKE, method="ntaa"))
    assert "normal  14 edges of max_pool, avg_pool, separable3x3" in text
    assert "edges       56" in text
    plain, mixed = (
        int(number.replace(",", ""))
        for number in text.partition("MACs")[2].splitlines()[0].split("→")
    )
    assert mixed > 2 * plain


def test_more_memory_is_not_advised_by_flags_that_are_refused():
    flags = suggest_savings(switch(SMOKE, method="darts"))
    assert "--cells_per_block" in flags
    assert "--sites" not in flags


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"cell_search_space": "retrieval"}, "`image_size`.*least 49 rows"),
        ({"weights": "x.h5"}, "`weights` can't be set for 'autoreid'"),
        ({"preprocessing": "tf"}, "`preprocessing` can't be set for"),
    ],
)
def test_what_a_network_of_cells_lacks_is_told(choices, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        run(switch(SMOKE, workdir=str(tmp_path / "x"), **choices))
