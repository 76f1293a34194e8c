"""Whole runs of networks of cells, and what they refuse."""

import dataclasses
import itertools

import keras
import pytest

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.feasibility import advise
from ntaa_tf.pipeline import inspect
from ntaa_tf.pipeline import run
from ntaa_tf.recipe import Recipe
from ntaa_tf.storage.files import read_json

SMOKE = Recipe(
    model="autoreid",
    channels=4,
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
    metrics = run(dataclasses.replace(SMOKE, workdir=str(drawn)))
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
        dataclasses.replace(
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
    text = inspect(dataclasses.replace(SMOKE, method="ntaa"))
    assert "normal  14 edges of max_pool, avg_pool, separable3x3" in text
    assert "edges       56" in text
    plain, mixed = (
        int(number.replace(",", ""))
        for number in text.partition("MACs")[2].splitlines()[0].split("→")
    )
    assert mixed > 2 * plain


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"method": "spos"}, "`method`. Expected another than evolution"),
        ({"sites": "last:2"}, "`sites`. Expected all, its default, with --mod"),
        ({"max_macs": "0.5x"}, "`max_macs`. Expected None, its default"),
        ({"source_penalty": 0.1}, "`source_penalty`. .* which has no sites"),
        ({"method": "partial"}, "`method`. .* or partial finetuning"),
        ({"channels": 5}, "`channels`. Expected an even number"),
        ({"model": "digits0to4"}, "`channels`. .* which has no cells"),
    ],
)
def test_choices_that_are_not_of_cells_are_refused(choices, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SMOKE, **choices)


def test_what_is_turned_off_is_not_in_the_way():
    dataclasses.replace(SMOKE, source_penalty=0.0, validated_end=False)


def test_more_memory_is_not_advised_by_flags_that_are_refused():
    flags = advise(dataclasses.replace(SMOKE, method="darts"))
    assert "--cells_per_block" in flags
    assert "--sites" not in flags


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"search_space": "retrieval"}, "`image_size`.*at least 49 rows"),
        ({"weights": "x.h5"}, "`weights` can't be set for 'autoreid'"),
        ({"preprocessing": "tf"}, "`preprocessing` can't be set for"),
    ],
)
def test_what_a_network_of_cells_lacks_is_told(choices, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        run(dataclasses.replace(SMOKE, workdir=str(tmp_path / "x"), **choices))
