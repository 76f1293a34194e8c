"""The inner layers of a model compute in the precision that is set."""

import keras
import numpy as np
import pytest
from keras import layers

from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.training.precision import set_precision

HALVES = ["float16", "bfloat16"]


def make_model():
    inputs = keras.Input((8, 8, 3))
    scaled = layers.Rescaling(1 / 255, name="scaling")(inputs)
    hidden = layers.Conv2D(4, 3, name="stem")(scaled)
    hidden = layers.ReLU(name="relu")(layers.BatchNormalization()(hidden))
    pooled = layers.GlobalAveragePooling2D(name="pooling")(hidden)
    return keras.Model(inputs, layers.Dense(2, name="classifier")(pooled))


@pytest.mark.parametrize("precision", HALVES)
def test_only_what_lies_between_images_and_outputs_is_changed(precision):
    model = make_model()
    set_precision(model, precision)
    dtypes = {layer.name: layer.compute_dtype for layer in model.layers}
    assert dtypes["scaling"] == dtypes["classifier"] == "float32"
    for name in ("stem", "relu", "pooling"):
        assert dtypes[name] == precision
    assert {v.dtype for v in model.variables} == {"float32"}


@pytest.mark.parametrize("precision", HALVES)
def test_it_is_what_the_network_computes_in(precision, rng):
    model = make_model()
    images = rng.uniform(0, 255, (4, 8, 8, 3)).astype("float32")
    exact = np.array(model(images))
    set_precision(model, precision)
    hidden = keras.Model(model.input, model.get_layer("relu").output)
    assert keras.backend.standardize_dtype(hidden(images).dtype) == precision
    rounded = model(images)
    assert keras.backend.standardize_dtype(rounded.dtype) == "float32"
    assert not np.array_equal(rounded, exact)
    np.testing.assert_allclose(rounded, exact, atol=0.05)


def test_none_brings_float32_back_bit_for_bit(rng):
    model = make_model()
    config = model.get_config()
    images = rng.uniform(0, 255, (4, 8, 8, 3)).astype("float32")
    exact = np.array(model(images))
    set_precision(model, "bfloat16")
    assert model.get_config() != config
    set_precision(model)
    assert model.get_config() == config
    np.testing.assert_array_equal(model(images), exact)


def test_a_copy_computes_in_the_precision_of_the_original():
    model = make_model()
    set_precision(model, "bfloat16")
    copy = rewrite(model)
    assert copy.get_layer("stem").compute_dtype == "bfloat16"


def test_a_model_that_brings_another_precision_gets_sites():
    inputs = keras.Input((8, 8, 3))
    mixed = layers.Conv2D(4, 3, dtype="mixed_float16", name="conv")
    hidden = layers.Conv2D(4, 3, name="stem")(inputs)
    model = keras.Model(inputs, mixed(hidden))
    assert "mixed_float16" in find_convolutions(model)[1].refusal
    set_precision(model)
    assert not find_convolutions(model)[1].refusal
