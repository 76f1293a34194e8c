import keras
import numpy as np
import pytest
import tensorflow as tf
from search.small_models import make_residual

from ntaa_tf import Budget
from ntaa_tf import derive
from ntaa_tf import insert_mixed_ops
from ntaa_tf.costs.measurement import measure_network
from ntaa_tf.search.penalties import CostPenalty


def test_cost_penalty_is_the_expected_cost_and_its_gradient():
    penalty = CostPenalty(3.0, [0.5, 0.1, 0.9])
    logits = np.array([1.0, -0.5, 0.2])

    def expect(logits):
        p = np.exp(logits) / np.exp(logits).sum()
        return 3.0 * p @ [0.5, 0.1, 0.9]

    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        value = penalty(variable)
    assert float(value) == pytest.approx(expect(logits))
    step = 1e-5 * np.eye(3)
    numeric = [(expect(logits + s) - expect(logits - s)) / 2e-5 for s in step]
    np.testing.assert_allclose(tape.gradient(value, variable), numeric, 1e-6)


def test_shares_of_the_source_s_options_are_those_of_its_sites():
    supernet = insert_mixed_ops(make_residual(), "conv5x5,identity")
    shares = measure_network(supernet).share_macs()
    for choice in supernet.choices:
        source, *others = shares[choice.name]
        costs = dict(zip(choice.options[1:], others, strict=True))
        assert 0 < source < 1
        assert costs["identity"] == 0


def derive_macs(cost_weight, rng):
    """Search on random labels, where only the penalties have a direction."""
    keras.utils.set_random_seed(0)
    supernet = insert_mixed_ops(make_residual())
    supernet.compile(
        keras.optimizers.SGD(0.0),
        architecture_optimizer=keras.optimizers.SGD(0.5),
        cost_weight=cost_weight,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    images = rng.normal(size=(8, 16, 16, 3)).astype("float32")
    labels = rng.integers(4, size=8)
    supernet.fit(images, labels, epochs=20, verbose=0)
    budget = Budget(supernet, {"macs": 1e12})
    return budget.predict(derive(supernet))["macs"]


@pytest.mark.long
def test_a_strong_cost_weight_makes_the_derived_network_cheaper(rng):
    assert derive_macs(30.0, rng) < 0.7 * derive_macs(0.0, rng)
