"""Cells are searched as sites are: trained, ended exactly, collapsed."""

import dataclasses

import keras
import numpy as np
import pytest

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.layers.cells import PLAIN_CELL
from ntaa_tf.search.apply import apply_architecture
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.derive import derive
from ntaa_tf.search.monitor import measure_entropy
from ntaa_tf.search.monitor import measure_winners
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.zoo.autoreid import build_autoreid


def make_supernet():
    keras.utils.set_random_seed(0)
    features = build_autoreid((16, 16), "classification", 4, 1)
    pooled = keras.layers.GlobalAveragePooling2D()(features.output)
    return Supernet(features.input, keras.layers.Dense(3)(pooled))


@pytest.fixture(scope="module")
def untouched():
    """A supernet that no test changes."""
    return make_supernet()


def make_images(rng, count=8):
    return rng.uniform(0, 255, (count, 16, 16, 3)).astype("float32")


@pytest.fixture(scope="module")
def searched():
    """A supernet after a search of four steps, and its images."""
    rng = np.random.default_rng(0)
    supernet = make_supernet()
    supernet.compile(
        keras.optimizers.SGD(0.01),
        architecture_optimizer=keras.optimizers.SGD(1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        source_penalty=1.0,
        run_eagerly=True,  # The trace takes much longer than four steps.
    )
    images = make_images(rng)
    supernet.fit(images, np.arange(8) % 3, batch_size=2, verbose=0)
    return supernet, images


def test_the_logits_of_both_kinds_learn(searched, untouched):
    supernet, _ = searched
    for choice, fresh in zip(supernet.choices, untouched.choices, strict=True):
        assert np.all(choice.logits.numpy() != fresh.logits.numpy())


def test_cells_have_no_penalty(searched):
    assert searched[0].source_penalty == 1.0
    assert [choice.logits.regularizer for choice in searched[0].choices] == [
        None,
        None,
    ]


def test_collapse_after_a_search_changes_nothing(searched):
    supernet, images = searched
    architecture = derive(supernet)
    plain = collapse(supernet, architecture)
    np.testing.assert_allclose(plain(images), supernet(images), atol=1e-5)
    for operation in plain.operations:
        assert type(operation).__module__.startswith("keras.")
        assert not isinstance(operation, keras.Model)
    cost = measure_cost(plain)
    assert cost.macs > 0
    assert cost.depth > 4


def test_an_architecture_names_two_edges_of_each_node(searched):
    architecture = derive(searched[0])
    assert len(architecture.sites) == 2 * 4 * 2
    for kind in ("normal", "reduction"):
        for node in range(4):
            name = f"{kind}_node{node}_from"
            assert (
                sum(site.startswith(name) for site in architecture.sites) == 2
            )


def test_a_stored_architecture_is_applied(searched, rng):
    supernet, images = searched
    stored = Architecture.from_json(derive(supernet).to_json())
    fresh = make_supernet()
    apply_architecture(fresh, stored)
    assert derive(fresh) == stored
    np.testing.assert_allclose(
        collapse(fresh, stored)(images), fresh(images), atol=1e-5
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"normal_node0_from0": None}, "Expected 2 edges to each of 4 nodes"),
        ({"normal_node0_from0": "none"}, "one of the operations"),
        ({"conv": "source"}, "edges of cells, such as 'reduction_node3_f"),
    ],
)
def test_another_architecture_is_refused(changes, message, untouched):
    sites = {
        f"{kind}_{edge}": operation
        for kind in ("normal", "reduction")
        for edge, operation in PLAIN_CELL.items()
    }
    architecture = Architecture(
        {
            name: SiteChoice(operation)
            for name, operation in {**sites, **changes}.items()
            if operation is not None
        }
    )
    with pytest.raises(ValueError, match=f"`architecture`.*{message}"):
        apply_architecture(untouched, architecture)


def test_an_edge_reads_where_it_comes_from(searched):
    architecture = derive(searched[0])
    name, site = next(iter(architecture.sites.items()))
    moved = dataclasses.replace(site, reads=2)
    with pytest.raises(ValueError, match=r"`architecture`.* edges of cells"):
        apply_architecture(
            searched[0], Architecture({**architecture.sites, name: moved})
        )


def test_options_of_cells_are_not_drawn(untouched):
    with pytest.raises(ValueError, match=r"`relaxation`. Expected 'expectat"):
        untouched.compile(relaxation="gumbel")


def test_the_monitor_knows_cells(searched):
    choices = searched[0].choices
    before = [choice.winner for choice in choices]
    shares = measure_winners(choices, before)
    assert shares["kept_share"] == 1
    operations = [name for c in choices for name in c.cell.values()]
    weight_free = [
        n in ("max_pool", "avg_pool", "identity") for n in operations
    ]
    assert shares["weight_free_share"] == np.mean(weight_free)
    assert 0 < measure_entropy(searched[0]) <= np.log(6) + 1e-6
