"""A user's function builds a source, or fails with one clear message."""

import importlib
import sys

import numpy as np
import pytest

from ntaa_tf.zoo import SourceInfo
from ntaa_tf.zoo import choose_image_size
from ntaa_tf.zoo import find_source
from ntaa_tf.zoo import load_source

MODULE = """
import keras
from keras import layers


def _body(images):
    x = layers.Conv2D(4, 3, padding="same")(images)
    return layers.Conv2D(6, 3, strides=2, padding="same")(x)


def headless(image_size):
    images = keras.Input((*image_size, 3))
    return keras.Model(images, _body(images))


def classifier(image_size):
    images = keras.Input((*image_size, 3))
    x = layers.GlobalAveragePooling2D()(_body(images))
    return keras.Model(images, layers.Dense(5)(x))


def of_any_size(image_size):
    images = keras.Input((None, None, 3))
    return keras.Model(images, _body(images))


def turned(image_size):
    height, width = image_size
    return headless((width, height))


def of_two(image_size):
    images = keras.Input((*image_size, 3))
    return keras.Model(images, [_body(images), _body(images)])


def layer(image_size):
    return layers.Conv2D(4, 3)


def without_arguments():
    return headless((8, 8))


@keras.saving.register_keras_serializable("own_networks")
class Doubling(layers.Layer):
    def call(self, x):
        return 2 * x


def with_foreign_layers(image_size):
    images = keras.Input((*image_size, 3))
    return keras.Model(images, Doubling()(_body(images)))


def with_foreign_classifier(image_size):
    images = keras.Input((*image_size, 3))
    x = layers.GlobalAveragePooling2D()(_body(images))
    return keras.Model(images, Doubling()(x))


def with_lambda(image_size):
    images = keras.Input((*image_size, 3))
    return keras.Model(images, _body(layers.Lambda(lambda x: 3 * x)(images)))


def unbuilt(image_size):
    return keras.Sequential([layers.Conv2D(4, 3)])


class Subclassed(keras.Model):
    def __init__(self, image_size):
        super().__init__()


not_a_function = 3
"""


@pytest.fixture(autouse=True)
def networks(tmp_path, monkeypatch):
    """A module in the current directory, as a user would have it."""
    (tmp_path / "own_networks.py").write_text(MODULE)
    (tmp_path / "broken_networks.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    yield importlib.import_module("own_networks")
    del sys.modules["own_networks"]


def _load(function, size, weights="none"):
    info = find_source(f"own_networks:{function}", weights, "torch")
    return load_source(info, size)


def test_a_function_is_found_without_being_called():
    info = find_source("own_networks:without_arguments", "none", "caffe")
    assert info == SourceInfo(
        name="own_networks:without_arguments",
        weights="none",
        preprocessing="caffe",
        native_size=None,
        minimum_size=1,
        fixed_size=False,
        pretrained=False,
    )
    assert choose_image_size(info, (20, 12)) == (20, 12)


@pytest.mark.parametrize(
    "function",
    ["headless", "classifier", "of_any_size", "with_foreign_classifier"],
)
def test_its_model_becomes_a_source(function):
    """It has no classifier, the given size, and the same names each time."""
    names = []
    for _ in range(2):
        source = _load(function, (16, 8))
        assert source.input_shape == (None, 16, 8, 3)
        assert source.output_shape == (None, 8, 4, 6)
        names.append([layer.name for layer in source.layers])
    assert (
        names[0] == names[1] == ["images", "preprocess", "conv2d", "conv2d_1"]
    )


@pytest.mark.parametrize("function", ["headless", "classifier"])
def test_weights_are_of_the_model_that_it_returns(networks, function):
    trained = getattr(networks, function)((8, 8))
    trained.save_weights("own.weights.h5")
    source = _load(function, 8, "own.weights.h5")
    np.testing.assert_array_equal(
        source.get_layer("conv2d_1").kernel, trained.layers[2].kernel
    )


def test_weights_that_do_not_fit_are_refused(networks):
    networks.keras.Sequential(
        [networks.keras.Input((3,)), networks.layers.Dense(2)]
    ).save_weights("other.weights.h5")
    with pytest.raises(
        ValueError, match=r"`weights`.*not fit.*own_networks:headless returns"
    ):
        _load("headless", 8, "other.weights.h5")


def test_imagenet_weights_are_refused():
    with pytest.raises(ValueError, match=r"`weights`: Keras has no ImageNet"):
        find_source("own_networks:headless", preprocessing="torch")


def test_a_missing_preprocessing_is_an_error():
    with pytest.raises(
        ValueError,
        match=r"`preprocessing` is missing for the builder own_networks:headl"
        r".* \(none if its model contains its own\).*none, tf, torch, caffe",
    ):
        find_source("own_networks:headless", "none")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no.networks:build", r"can't be imported: No module named 'no'"),
        ("broken_networks:build", "can't be imported: division by zero"),
        ("own_networks:build", "own_networks has none named 'build'"),
        ("own_networks:not_a_function", "none named 'not_a_function'"),
    ],
)
def test_a_name_without_a_function_is_refused_at_once(name, message):
    with pytest.raises(ValueError, match=rf"`model`.*'{name}'.*{message}"):
        find_source(name, "none", "torch")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("without_arguments", r"fails for .*\(16, 8\): without_arguments\(\)"),
        ("layer", "returns a Conv2D"),
        ("turned", r"\[\(None, 8, 16, 3\)\].*one input \(None, 16, 8, 3\)"),
        ("of_two", r"and 2 output\(s\).*one output"),
        ("Subclassed", "returns a Subclassed.*a functional Keras model"),
        (
            "with_foreign_layers",
            r"can't be exported: Doubling\. .*without Lambda",
        ),
        ("with_lambda", r"can't be exported: Lambda\."),
        ("unbuilt", "returns a Sequential"),
    ],
)
def test_a_function_that_returns_no_source_is_refused(function, message):
    with pytest.raises(ValueError, match=rf"`model`.*:{function}' .*{message}"):
        _load(function, (16, 8))
