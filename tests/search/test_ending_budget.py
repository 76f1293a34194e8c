"""A search under a budget ends at an architecture that keeps it."""

import keras
import numpy as np
import pytest
from search.small_models import make_residual
from search.small_models import randomize
from search.small_models import restoring

from ntaa_tf import Budget
from ntaa_tf import collapse
from ntaa_tf import derive
from ntaa_tf import insert_mixed_ops
from ntaa_tf.search.ending import EndWithinBudget


@pytest.fixture(scope="module")
def compiled():
    source = randomize(make_residual(), np.random.default_rng(0))
    supernet = insert_mixed_ops(source)
    supernet.compile(
        keras.optimizers.SGD(0.01),
        architecture_optimizer=keras.optimizers.SGD(0.1),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return supernet


@pytest.fixture
def supernet(compiled):
    """The supernet, restored after each test."""
    optimizers = compiled.optimizer, compiled.architecture_optimizer
    state = [variable for one in optimizers for variable in one.variables]
    with restoring([*compiled.variables, *state]):
        yield compiled


def search(supernet, rng, share, epochs=4):
    """Search under a limit on the MACs that is a share of the source's."""
    source = Budget(supernet, {"macs": 1e12}).source["macs"]
    budget = Budget(supernet, {"macs": share * source})
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append([np.array(logits) for logits in self.model.logits])

    images = rng.normal(size=(8, 16, 16, 3)).astype("float32")
    labels = rng.integers(4, size=8)
    end = EndWithinBudget(budget, lambda: [(images, labels)])
    supernet.fit(
        images, labels, epochs=epochs, verbose=0, callbacks=[end, Watch()]
    )
    return budget, seen, images


def test_a_search_ends_at_the_architecture_of_its_budget(supernet, rng):
    budget, _, images = search(supernet, rng, 0.5)
    architecture = derive(supernet, budget)
    assert architecture == derive(supernet)
    assert budget.predict(architecture)["macs"] <= budget.limits["macs"]
    expected = np.array(supernet(images))
    np.testing.assert_allclose(
        collapse(supernet, architecture)(images),
        expected,
        atol=1e-5 * max(1, np.abs(expected).max()),
    )


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_short_search_ends_within_its_budget_too(supernet, rng, epochs):
    budget, *_ = search(supernet, rng, 0.5, epochs)
    assert budget.keeps({c.name: c.winner for c in supernet.choices})


@pytest.mark.parametrize("share", [0.5, 4.0])
def test_logits_change_places_and_rest_in_the_last_quarter_only(
    supernet, rng, share
):
    _, seen, _ = search(supernet, rng, share, epochs=8)
    *early, before, after, last = seen
    for one, other in zip(early[-1], before, strict=True):
        assert not np.array_equal(one, other)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(np.sort(one), np.sort(other))
    moved = [
        not np.array_equal(*pair) for pair in zip(before, after, strict=True)
    ]
    assert any(moved) == (share < 1)
    for one, other in zip(after, last, strict=True):
        np.testing.assert_array_equal(one, other)
