"""Measured costs equal costs computed by hand, and published costs."""

import keras
import pytest
import tiny_models
from keras import layers

from ntaa_tf.graph.cost import measure_cost


def cost_of(*stack, shape=(8, 8, 4)):
    images = keras.Input(shape)
    x = images
    for layer in stack:
        x = layer(x)
    return measure_cost(keras.Model(images, x))


@pytest.mark.parametrize(
    ("layer", "macs"),
    [
        # Outputs (height × width × channels) × taps × channels read.
        (layers.Conv2D(6, 3), 6 * 6 * 6 * 9 * 4),
        (layers.Conv2D(6, 3, padding="same"), 8 * 8 * 6 * 9 * 4),
        (layers.Conv2D(6, 3, strides=2, padding="same"), 4 * 4 * 6 * 9 * 4),
        (layers.Conv2D(6, 3, dilation_rate=2), 4 * 4 * 6 * 9 * 4),
        (layers.Conv2D(6, (1, 7), padding="same"), 8 * 8 * 6 * 7 * 4),
        (layers.Conv2D(6, 3, groups=2), 6 * 6 * 6 * 9 * 2),
        (layers.DepthwiseConv2D(3, strides=2), 3 * 3 * 4 * 9),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), 6 * 6 * 8 * 9),
        (layers.SeparableConv2D(6, 3), 6 * 6 * (4 * 9 + 4 * 6)),
        (
            layers.SeparableConv2D(6, 3, depth_multiplier=2),
            6 * 6 * (8 * 9 + 8 * 6),
        ),
        # Each input pixel is spread over all taps.
        (layers.Conv2DTranspose(6, 3, strides=2), 8 * 8 * 4 * 9 * 6),
        (layers.Dense(5), 8 * 8 * 4 * 5),
        (layers.ReLU(), 0),
        (layers.BatchNormalization(), 0),
    ],
)
def test_macs(layer, macs):
    assert cost_of(layer).macs == macs


def test_a_dense_layer_on_a_vector():
    cost = cost_of(layers.Flatten(), layers.Dense(10))
    assert cost.macs == 8 * 8 * 4 * 10
    assert cost.parameters == 8 * 8 * 4 * 10 + 10


@pytest.mark.parametrize("name", tiny_models.FACTORIES)
def test_parameters_are_those_of_keras(name):
    model = tiny_models.make_model(name)
    assert measure_cost(model).parameters == model.count_params()


def test_a_shared_layer_costs_its_parameters_once_and_its_macs_twice():
    cost = measure_cost(tiny_models.make_model("shared"))
    assert cost.parameters == (3 * 4 + 4) + (9 * 4 * 4 + 4)
    assert cost.macs == 8 * 8 * (3 * 4 + 2 * 9 * 4 * 4)
    assert cost.depth == 3


def test_activations_are_the_numbers_in_all_outputs():
    cost = cost_of(layers.Conv2D(6, 3), layers.ReLU())
    assert cost.activations == 8 * 8 * 4 + 2 * (6 * 6 * 6)


def test_depth_is_that_of_the_longest_path():
    assert measure_cost(tiny_models.make_model("residual")).depth == 3


def test_depth_does_not_depend_on_the_order_of_outputs():
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(images)
    deep = layers.Conv2D(4, 3)(layers.Conv2D(4, 3)(x))
    for outputs in ([deep, layers.ReLU()(x)], [layers.ReLU()(x), deep]):
        assert measure_cost(keras.Model(images, outputs)).depth == 3


@pytest.mark.parametrize(
    ("stack", "depth"),
    [
        ([layers.DepthwiseConv2D(3), layers.Conv2D(6, 1)], 1),
        ([layers.DepthwiseConv2D(3), layers.Conv2D(6, 3)], 2),
        ([layers.DepthwiseConv2D(3), layers.ReLU(), layers.Conv2D(6, 1)], 2),
        ([layers.SeparableConv2D(6, 3)], 1),
        ([layers.Conv2D(6, 1), layers.DepthwiseConv2D(3)], 1),
        ([layers.Conv2D(6, 3), layers.DepthwiseConv2D(3)], 2),
        (
            [
                *(layers.DepthwiseConv2D(3), layers.Conv2D(6, 1)),
                *(layers.DepthwiseConv2D(3), layers.Conv2D(6, 1)),
            ],
            2,
        ),
        ([layers.Conv2D(6, 1), *(layers.DepthwiseConv2D(3) for _ in "ab")], 2),
    ],
)
def test_a_separable_convolution_is_one_layer_deep(stack, depth):
    """Also where it is written as two layers, one directly on the other."""
    assert cost_of(*stack).depth == depth


def test_gates_are_not_counted_into_the_depth():
    images = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same")(images)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(4, 1)(layers.Conv2D(2, 1)(gate))
    model = keras.Model(images, layers.Multiply()([x, gate]))
    assert measure_cost(model).depth == 1


@pytest.mark.parametrize("size", [8, 1])
def test_what_follows_a_globalization_is_counted_into_the_depth(size):
    """It is no gate: the mean was spread to a map again."""
    assert measure_cost(tiny_models.globalized(size)).depth == 3


@pytest.mark.parametrize(
    ("name", "gigamacs", "depth"),
    [
        ("VGG19", 19.63, 19),
        ("MobileNet", 0.569, 28),
        pytest.param("ResNet50", 3.86, 50, marks=pytest.mark.long),
        pytest.param("ResNet101", 7.57, 101, marks=pytest.mark.long),
        pytest.param("VGG16", 15.47, 16, marks=pytest.mark.long),
        pytest.param("EfficientNetB0", 0.386, 50, marks=pytest.mark.long),
    ],
)
def test_published_costs(name, gigamacs, depth):
    """At 224×224 with the classifier; the depths are in the names."""
    model = getattr(keras.applications, name)(weights=None)
    cost = measure_cost(model)
    assert cost.macs == pytest.approx(gigamacs * 1e9, rel=0.01)
    assert cost.depth == depth
    assert cost.parameters == model.count_params()
