"""Validation reverts the changes that lower the score, and no others."""

import keras
import numpy as np
import pytest
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import insert_mixed_ops
from ntaa_tf.search.ending import EndValidated

EPOCHS = 8
END = 6  # The first epoch of the last quarter.


@pytest.fixture(scope="module")
def compiled():
    """A supernet whose learning rates are 0: no test changes its weights."""
    source = randomize(make_residual(), np.random.default_rng(0))
    supernet = insert_mixed_ops(source, "conv5x5")
    supernet.compile(
        keras.optimizers.SGD(0.0),
        architecture_optimizer=keras.optimizers.SGD(0.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return supernet


@pytest.fixture
def supernet(compiled):
    """The supernet, with a change at every choice."""
    for choice in compiled.choices:
        choice.logits.assign([0.5, 2.0])
    return compiled


def search(supernet, rng, measure, first_epoch=0, **kwargs):
    """Search; return the number of measurements before each epoch."""
    counts, calls = [], []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            counts.append(len(calls))

    def counted():
        calls.append({c.name: c.winner for c in supernet.choices})
        assert all(float(c.end_pull) == 1 for c in supernet.choices)
        return measure(calls[-1])

    supernet.fit(
        rng.normal(size=(8, 16, 16, 3)).astype("float32"),
        rng.integers(4, size=8),
        epochs=EPOCHS,
        initial_epoch=first_epoch,
        verbose=0,
        callbacks=[EndValidated(counted, **kwargs), Watch()],
    )
    return counts


def list_changed(supernet):
    return [choice.name for choice in supernet.choices if choice.changed]


def punish(*names):
    """Return a measure that halves for each changed choice of these."""

    def measure(winners):
        return 0.5 ** sum(winners[name] != "source" for name in names)

    return measure


@pytest.mark.parametrize("bad", [[], ["first"], ["first", "padded"]])
def test_what_costs_is_taken_back(bad, supernet, rng):
    names = list_changed(supernet)
    counts = search(supernet, rng, punish(*bad))
    assert list_changed(supernet) == [n for n in names if n not in bad]
    # In one epoch only: the whole network, then each change reverted.
    assert counts[: END + 1] == [0] * END + [1 + len(names)]
    assert counts[-1] == counts[END]


def test_the_logits_change_places(supernet, rng):
    search(supernet, rng, punish("first"))
    taken_back = {
        choice.name: choice.logits.numpy().tolist()
        for choice in supernet.choices
    }
    assert taken_back["first"] == [2.0, 0.5]
    assert taken_back["padded"] == [0.5, 2.0]


def test_little_may_be_chance(supernet, rng):
    names = list_changed(supernet)

    def measure(winners):
        return 0.5 + 0.01 * sum(w == "source" for w in winners.values())

    search(supernet, rng, measure)
    assert list_changed(supernet) == names


def test_what_is_not_allowed_stays(supernet, rng):
    names = list_changed(supernet)
    search(
        supernet,
        rng,
        punish("first", "padded"),
        allows=lambda options: options["first"] != "source",
    )
    assert list_changed(supernet) == [n for n in names if n != "padded"]


def test_the_mixture_goes_on_from_where_it_was(supernet, rng):
    search(supernet, rng, punish("first"))
    supernet.progress.assign(0.75)
    supernet.anneal()
    assert {float(c.end_pull) for c in supernet.choices} == {0.0}


def test_a_search_that_goes_on_later_measures_nothing(supernet, rng):
    counts = search(supernet, rng, punish("first"), first_epoch=END + 1)
    assert set(counts) == {0}
    np.testing.assert_array_equal(supernet.choices[0].logits, [0.5, 2.0])
