"""Layer names of a model do not depend on what was built before it."""

import keras
import numpy as np

from ntaa_tf.zoo.layer_names import renumber


def _model():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3)(inputs)
    y = keras.layers.Conv2D(4, 3, padding="same", name="named_1")(x)
    y = keras.layers.Conv2D(4, 1)(y) + 1.0
    return keras.Model(inputs, keras.layers.Add()([x, y]))


def test_automatic_names_are_counted_from_the_start():
    _model()
    names = [operation.name for operation in renumber(_model()).operations]
    assert sorted(names[1:]) == [
        "add",
        "add_1",
        "conv2d",
        "conv2d_1",
        "named_1",
    ]


def test_a_renumbered_model_computes_the_same():
    _model()
    model = _model()
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    np.testing.assert_array_equal(renumber(model)(images), model(images))


def test_fresh_names_are_left_alone():
    model = renumber(_model())
    assert renumber(model) is model
