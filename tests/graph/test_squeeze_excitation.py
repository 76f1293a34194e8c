"""Gates lie at the ends of residual branches, and start at exactly 1."""

import keras
import numpy as np
import pytest
from keras import layers

from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.squeeze_excitation import find_residual_branches
from ntaa_tf.graph.squeeze_excitation import insert_squeeze_excitation


def build(operator):
    """Two residual blocks, the first added by `+` or by a layer."""
    images = keras.Input((8, 8, 3))
    stem = layers.Conv2D(32, 3, padding="same", name="stem")(images)
    branch = layers.Conv2D(32, 3, padding="same", name="first")(stem)
    hidden = branch + stem if operator else layers.Add()([stem, branch])
    branch = layers.Conv2D(64, 3, padding="same", name="second")(hidden)
    branch = layers.Conv2D(64, 3, padding="same", name="third")(branch)
    shortcut = layers.Conv2D(64, 1, name="shortcut")(hidden)
    return keras.Model(images, layers.Add(name="sum")([branch, shortcut]))


@pytest.mark.parametrize("operator", [False, True])
def test_the_start_is_exact(operator, rng):
    model = build(operator)
    gated = insert_squeeze_excitation(model)
    images = rng.normal(size=(2, 8, 8, 3))
    np.testing.assert_array_equal(model(images), gated(images))
    kept = [w for w in gated.weights if "reduce" not in w.path]
    kept = [w for w in kept if "expand" not in w.path]
    for a, b in zip(model.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(a, b)


def test_each_branch_has_one_gate_and_the_shortcut_none():
    gated = insert_squeeze_excitation(build(operator=False), ratio=16)
    excited = [
        layer for layer in gated.layers if layer.name.endswith("_excite")
    ]
    assert len(excited) == 2
    branch = gated.get_layer("sum_excite").input[0]
    assert branch is gated.get_layer("third").output
    assert gated.get_layer("sum_reduce").units == 4


def test_gates_train(rng):
    gated = insert_squeeze_excitation(build(operator=False))
    gated.compile("sgd", "mse")
    before = gated.get_layer("sum_expand").kernel.numpy()
    gated.train_on_batch(
        rng.normal(size=(2, 8, 8, 3)), rng.normal(size=(2, 8, 8, 64))
    )
    assert np.any(gated.get_layer("sum_expand").kernel.numpy() != before)


def test_gates_do_not_count_and_are_no_sites():
    model = build(operator=False)
    gated = insert_squeeze_excitation(model)
    assert measure_cost(gated).depth == measure_cost(model).depth
    roles = [
        {c.name: c.role for c in find_convolutions(m)} for m in (model, gated)
    ]
    assert roles[0] == roles[1]


def test_a_branch_is_known_when_its_convolutions_are_gone(rng):
    """As after a search that made them all pooling."""
    model = build(operator=False)
    branches = find_residual_branches(model)
    shrunk = rewrite(
        model,
        {
            "second": lambda x: layers.Concatenate()([x, x]),
            "third": layers.MaxPooling2D(1, name="third"),
        },
    )
    gated = insert_squeeze_excitation(shrunk, branches)
    branch = gated.get_layer("sum_excite").input[0]
    assert branch is gated.get_layer("third").output
    images = rng.normal(size=(2, 8, 8, 3))
    np.testing.assert_array_equal(shrunk(images), gated(images))


def test_a_network_without_branches_is_refused():
    images = keras.Input((8, 8, 3))
    model = keras.Model(images, layers.Conv2D(4, 3)(images))
    with pytest.raises(ValueError, match=r"`squeeze_excitation`.*has none"):
        insert_squeeze_excitation(model)
