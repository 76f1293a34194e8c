"""Without the last stride, the same features are sampled twice as densely."""

import keras
import numpy as np
import pytest
import tiny_models
from keras import layers

from ntaa_tf.graph.last_stride import remove_last_stride


def build(kernel_size=3, padded=False, pads=((1, 1), (1, 1)), pooled=False):
    """A stem, and a strided block with a shortcut."""
    images = keras.Input((16, 8, 3))
    stem = layers.Conv2D(4, 3, strides=2, padding="same", name="stem")(images)
    hidden = layers.ZeroPadding2D(pads, name="pad")(stem) if padded else stem
    hidden = layers.Conv2D(
        6,
        kernel_size,
        strides=2,
        padding="valid" if padded else "same",
        name="conv",
    )(hidden)
    shortcut = stem
    if pooled:
        shortcut = layers.AveragePooling2D(2, name="pool")(stem)
    shortcut = layers.Conv2D(6, 1, strides=1 if pooled else 2, name="shortcut")(
        shortcut
    )
    outputs = layers.Conv2D(5, 3, padding="same", name="after")(
        layers.Add()([hidden, shortcut])
    )
    return keras.Model(images, outputs)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"kernel_size": 1},
        {"padded": True},
        {"padded": True, "pads": ((0, 1), (0, 1))},
        {"pooled": True},
    ],
)
def test_all_that_reduces_last_is_made_dense(options):
    model = build(**options)
    dense = remove_last_stride(model)
    assert model.output.shape[1:3] == (4, 2)
    assert dense.output.shape[1:3] == (8, 4)
    for a, b in zip(model.get_weights(), dense.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("padded", [False, True])
def test_the_pixels_of_before_are_among_those_of_now(padded, rng):
    """Where the sampling grid is that of a symmetric padding."""
    model = build(kernel_size=3 if padded else 1, padded=padded)
    images = rng.normal(size=(2, 16, 8, 3))
    inner = [
        keras.Model(m.input, m.get_layer("conv").output)(images)
        for m in (model, remove_last_stride(model))
    ]
    np.testing.assert_allclose(inner[0], inner[1][:, ::2, ::2], atol=1e-6)


def test_a_network_without_strides_is_refused():
    images = keras.Input((8, 8, 3))
    model = keras.Model(images, layers.Conv2D(4, 3)(images))
    with pytest.raises(ValueError, match=r"`last_stride=1`.*no layer.*stride"):
        remove_last_stride(model)


def test_what_reduces_otherwise_is_refused():
    images = keras.Input((8, 8, 4))
    conv = layers.Conv2D(4, 3, strides=2, padding="same", name="conv")
    model = keras.Model(images, conv(images) + images[:, ::2, ::2])
    with pytest.raises(
        ValueError, match=r"`last_stride=1`.*strides of.*'conv'"
    ):
        remove_last_stride(model)


@pytest.mark.parametrize("preact", [False, True])
def test_it_works_on_a_small_resnet(preact):
    model = tiny_models.make_resnet(preact, size=(64, 32))
    dense = remove_last_stride(model)
    assert model.output.shape[1:3] == (8, 4)
    assert dense.output.shape[1:3] == (16, 8)
    assert dense.count_params() == model.count_params()


@pytest.mark.long
@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2"])
def test_it_works_on_models_of_keras(name):
    model = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(64, 32, 3)
    )
    dense = remove_last_stride(model)
    assert model.output.shape[1:3] == (2, 1)
    assert dense.output.shape[1:3] == (4, 2)
    assert dense.count_params() == model.count_params()
