"""Small source models whose sites have all features of real ones."""

import contextlib

import keras
from keras import layers
from keras.src.applications.convnext import ConvNeXt
from keras.src.applications.efficientnet import EfficientNet
from keras.src.applications.efficientnet_v2 import EfficientNetV2

from ntaa_tf import insert_mixed_ops


def make_residual(size=16, activation=None):
    """Conv blocks with a strided bottleneck and a projection shortcut."""
    inputs = keras.Input((size, size, 3))
    stem = layers.Conv2D(8, 3, padding="same", name="stem")(inputs)
    stem = layers.ReLU()(layers.BatchNormalization()(stem))
    hidden = layers.Conv2D(
        8, 3, padding="same", activation=activation, name="first"
    )(stem)
    hidden = layers.ReLU()(layers.BatchNormalization()(hidden))
    hidden = layers.Conv2D(16, 1, strides=2, name="second")(hidden)
    hidden = layers.BatchNormalization()(hidden)
    shortcut = layers.Conv2D(16, 1, strides=2, name="shortcut")(stem)
    outputs = layers.ReLU()(hidden + shortcut)
    outputs = layers.SeparableConv2D(
        16, 3, padding="same", activation="relu", name="separable"
    )(outputs)
    outputs = layers.ZeroPadding2D(1)(outputs)
    outputs = layers.Conv2D(12, 3, name="padded")(outputs)
    pooled = layers.GlobalAveragePooling2D()(outputs)
    return keras.Model(inputs, layers.Dense(4)(pooled), name="residual")


def make_shared(size=8):
    """One convolution that is called twice."""
    inputs = keras.Input((size, size, 3))
    hidden = layers.Conv2D(8, 3, padding="same", name="stem")(inputs)
    shared = layers.Conv2D(
        8, 3, padding="same", activation="relu", name="shared"
    )
    outputs = shared(shared(hidden))
    return keras.Model(inputs, outputs)


def make_nested(size=8):
    """A Sequential model inside a functional one."""
    inputs = keras.Input((size, size, 3))
    inner = keras.Sequential(
        [
            keras.Input((size, size, 8)),
            layers.Conv2D(8, 3, padding="same", name="inner_conv"),
            layers.BatchNormalization(),
        ],
        name="inner",
    )
    hidden = layers.Conv2D(8, 3, padding="same", name="stem")(inputs)
    return keras.Model(inputs, inner(hidden))


def make_grouped(size=8):
    """A depthwise convolution written with groups, and a true grouped one."""
    inputs = keras.Input((size, size, 3))
    hidden = layers.Conv2D(8, 3, padding="same", name="stem")(inputs)
    hidden = layers.Conv2D(8, 7, padding="same", groups=8, name="depthwise")(
        hidden
    )
    outputs = layers.Conv2D(8, 3, padding="same", groups=2, name="grouped")(
        hidden
    )
    return keras.Model(inputs, outputs)


def make_convnext(size=32):
    """A few narrow blocks of Keras's ConvNeXt, with a layer scale of 1."""
    return ConvNeXt(
        depths=[1, 2, 1, 1],
        projection_dims=[8, 12, 16, 20],
        drop_path_rate=0.1,
        layer_scale_init_value=1.0,
        name="convnext",
        **_without_top(size),
    )


def make_efficientnet(size=64):
    """A block of each of EfficientNet's stages, narrow."""
    return EfficientNet(0.1, 0.1, size, **_without_top(size))


def make_efficientnet_v2(size=64):
    """A block of each of EfficientNetV2's stages, fused or not, narrow."""
    return EfficientNetV2(
        0.1, 0.1, size, name="efficientnetv2-s", **_without_top(size)
    )


def _without_top(size):
    return {
        "include_top": False,
        "weights": None,
        "input_shape": (size, size, 3),
    }


MODELS = {
    "residual": make_residual,
    "shared": make_shared,
    "nested": make_nested,
    "grouped": make_grouped,
}


def randomize(model, rng):
    """Assign a random value to every weight; variances are positive."""
    for weight in model.weights:
        values = 0.3 * rng.normal(size=weight.shape)
        if weight.name in ("moving_variance", "gamma", "deviation"):
            values = 1 + abs(values)
        weight.assign(values)
    return model


def make_small_supernet(rng):
    """Insert few candidates at few sites: a step is traced in a second.

    The candidates are a larger kernel, an operation that no kernel merges, and
    one that a kernel merges. One site is before a batch norm and the other
    changes the number of channels.
    """
    source = randomize(make_residual(), rng)
    return insert_mixed_ops(source, "conv5x5,max_pool,identity", "first|padded")


@contextlib.contextmanager
def restoring(variables):
    """Restore the values of variables afterwards.

    A compiled supernet can so be used by several tests: the trace of its step
    takes much longer than the step.
    """
    values = [variable.numpy() for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
