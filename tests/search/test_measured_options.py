"""A budget removes what the loss does not need; measuring changes nothing."""

import keras
import numpy as np
import pytest
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import Budget
from ntaa_tf import insert_mixed_ops
from ntaa_tf.search.measured_options import MeasuredOptions

SIZE = 8


def make_chain():
    """Three convolutions of equal cost; `idle` alone is the identity."""
    tensor = inputs = keras.Input((SIZE, SIZE, 4))
    for name in ("stem", "first", "idle", "last"):
        conv = keras.layers.Conv2D(
            4, 3, padding="same", use_bias=False, name=name
        )
        tensor = conv(tensor)
    pooled = keras.layers.GlobalAveragePooling2D()(tensor)
    source = keras.Model(inputs, keras.layers.Dense(2, name="head")(pooled))
    delta = np.zeros((3, 3, 4, 4))
    delta[1, 1] = np.eye(4)
    source.get_layer("idle").set_weights([delta])
    return source


def make_supernet(source, candidates="identity"):
    supernet = insert_mixed_ops(source, candidates)
    supernet.compile(
        keras.optimizers.SGD(0.1),
        architecture_optimizer=keras.optimizers.SGD(0.1),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        source_penalty=1.0,
    )
    return supernet


def make_batches(source, rng, count=2):
    """Images with the labels that the source itself gives them."""
    images = [
        rng.normal(size=(16, *source.input_shape[1:])).astype("float32")
        for _ in range(count)
    ]
    return [(batch, np.argmax(source(batch), axis=-1)) for batch in images]


def limit_macs(supernet, share):
    source = Budget(supernet, {"macs": 1e12}).source["macs"]
    return Budget(supernet, {"macs": share * source})


@pytest.fixture(scope="module")
def residual():
    """A compiled supernet, which measuring does not change, and batches."""
    source = randomize(make_residual(), np.random.default_rng(0))
    batches = make_batches(source, np.random.default_rng(1))
    return make_supernet(source, "conv5x5,max_pool,noise,identity"), batches


@pytest.fixture(scope="module")
def measured(residual):
    return MeasuredOptions(*residual)


def test_operations_that_the_loss_does_not_need_go_first(rng):
    """The logits favour them, but only the loss counts."""
    keras.utils.set_random_seed(0)
    source = make_chain()
    supernet = make_supernet(source)
    for choice in supernet.choices:
        choice.logits.assign([3.0, -3.0 if choice.name == "idle" else 2.0])
    batches = make_batches(source, rng)
    budget = limit_macs(supernet, 0.8)
    chosen = MeasuredOptions(supernet, batches).choose(budget)
    assert chosen == {"first": "source", "idle": "identity", "last": "source"}
    by_logits = budget.choose(supernet)
    assert by_logits["idle"] == "source"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 2.0])
def test_limits_are_kept_and_winners_that_keep_them(share, residual, measured):
    supernet, _ = residual
    budget = limit_macs(supernet, share)
    winners = {choice.name: choice.winner for choice in supernet.choices}
    chosen = measured.choose(budget)
    assert budget.keeps(chosen)
    assert (chosen == winners) == budget.keeps(winners)


def test_measuring_changes_no_variable(residual, measured):
    supernet, _ = residual
    before = [variable.numpy() for variable in supernet.variables]
    measured.choose(limit_macs(supernet, 0.5))
    for variable, value in zip(supernet.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_noise_is_the_same_in_every_measurement(residual, measured):
    """Otherwise a change could lower the loss by chance."""
    supernet, _ = residual
    noisy = dict.fromkeys((c.name for c in supernet.choices), "noise")
    losses = {measured._measure(noisy) for _ in range(3)}
    assert len(losses) == 1


def test_a_loss_that_is_not_finite_is_worst(rng):
    source = make_chain()
    supernet = make_supernet(source)
    images, labels = make_batches(source, rng, 1)[0]
    broken = images.copy()
    broken[0] = np.nan
    measured = MeasuredOptions(supernet, [(broken, labels)])
    budget = limit_macs(supernet, 0.8)
    assert budget.keeps(measured.choose(budget))


def test_limits_are_approached_from_the_source(rng):
    budget = limit_macs(make_supernet(make_chain()), 0.6)
    source, limit = budget.source["macs"], budget.limits["macs"]
    costs = [budget.approach(share)["macs"] for share in (0, 0.5, 1)]
    assert costs == pytest.approx([source, (source + limit) / 2, limit])
    above = limit_macs(make_supernet(make_chain()), 2.0)
    assert above.approach(0.5) == above.limits


def test_changes_that_help_only_together_are_found(rng):
    """The depth falls only if both of two equally deep branches change."""
    inputs = keras.Input((SIZE, SIZE, 4))
    stem = keras.layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    left, right = (
        keras.layers.Conv2D(4, 3, padding="same", name=name)(stem)
        for name in ("left", "right")
    )
    pooled = keras.layers.GlobalAveragePooling2D()(left + right)
    source = keras.Model(inputs, keras.layers.Dense(2)(pooled))
    supernet = make_supernet(source)
    budget = Budget(supernet, {"depth": 2})
    measured = MeasuredOptions(supernet, make_batches(source, rng))
    chosen = measured.choose(budget)
    assert chosen == {"left": "identity", "right": "identity"}
