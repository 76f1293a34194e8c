"""A small source model without downloads, trained on the digits 0 to 4."""

import dataclasses
from typing import Any

import keras
import numpy as np
from sklearn import datasets

from ntaa_tf.zoo.preprocessing import preprocess

NAME = "digits0to4"
NATIVE_SIZE = 16
MINIMUM_SIZE = 8

_CLASSES = 5
_CHANNELS = (16, 32, 48)
_EPOCHS = 12
_BATCH_SIZE = 32
_LEARNING_RATE = 3e-3


@dataclasses.dataclass(frozen=True)
class Digits:
    """Images (count, size, size, 3), RGB 0 to 255, and labels (count,)."""

    images: np.ndarray
    labels: np.ndarray


def load_digits(image_size: int, seed: int) -> tuple[Digits, Digits]:
    """Read scikit-learn's digits 0 to 4, resized bilinearly.

    Args:
        image_size: height and width in pixels.
        seed: random seed of the split.

    Returns:
        Four fifths for training and the held-out fifth.
    """
    greys, labels = datasets.load_digits(n_class=_CLASSES, return_X_y=True)
    rgb = greys.reshape(-1, 8, 8, 1).repeat(3, axis=-1) * (255 / 16)
    images = keras.ops.image.resize(
        rgb.astype("float32"), (image_size, image_size), "bilinear"
    )
    images = keras.ops.convert_to_numpy(images)
    order = np.random.default_rng(seed).permutation(len(labels))
    held_out, training = np.split(order, [len(order) // 5])
    return (
        Digits(images[training], labels[training]),
        Digits(images[held_out], labels[held_out]),
    )


def pretrain_digits(image_size: int, seed: int = 0) -> keras.Model:
    """Train a small residual network on the digits 0 to 4.

    Training takes about ten seconds on two cores. The result depends on
    `seed` alone; global random states are neither read nor changed.

    Args:
        image_size: height and width in pixels.
        seed: random seed of the initial weights, the split and the shuffling.

    Returns:
        A classifier from raw RGB images, 0 to 255, to five logits.
    """
    random = np.random.default_rng(seed)
    training, _ = load_digits(image_size, seed)
    model = build_classifier(image_size, random)
    steps = _EPOCHS * -(-len(training.labels) // _BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    for _ in range(_EPOCHS):
        # `fit` would shuffle with the global random state.
        order = random.permutation(len(training.labels))
        model.fit(
            training.images[order],
            training.labels[order],
            batch_size=_BATCH_SIZE,
            shuffle=False,
            verbose=0,
        )
    return model


def build_classifier(
    image_size: int, random: np.random.Generator
) -> keras.Model:
    """Build the network that `pretrain_digits` trains.

    Args:
        image_size: height and width in pixels.
        random: generator for the seeds of the initial weights.

    Returns:
        An untrained classifier from raw RGB images, 0 to 255, to five logits.
    """
    images = keras.Input((image_size, image_size, 3), name="images")
    x = preprocess(images, "tf")
    x = _convolution(x, _CHANNELS[0], random, "stem")
    x = keras.layers.ReLU(name="stem_relu")(x)
    for stage, channels in enumerate(_CHANNELS, start=1):
        strides = 1 if stage == 1 else 2
        x = _residual_block(x, channels, strides, random, f"stage{stage}")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    logits = keras.layers.Dense(
        _CLASSES, kernel_initializer=_initializer(random), name="logits"
    )(x)
    return keras.Model(images, logits, name=NAME)


def _residual_block(
    x: Any, channels: int, strides: int, random: np.random.Generator, name: str
) -> Any:
    shortcut = x
    if strides > 1:
        shortcut = _convolution(
            x, channels, random, f"{name}_shortcut", 1, strides
        )
    x = _convolution(x, channels, random, f"{name}_1", strides=strides)
    x = keras.layers.ReLU(name=f"{name}_1_relu")(x)
    x = _convolution(x, channels, random, f"{name}_2")
    x = keras.layers.Add(name=f"{name}_add")([shortcut, x])
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _convolution(
    x: Any,
    channels: int,
    random: np.random.Generator,
    name: str,
    kernel_size: int = 3,
    strides: int = 1,
) -> Any:
    x = keras.layers.Conv2D(
        channels,
        kernel_size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer=_initializer(random),
        name=f"{name}_conv",
    )(x)
    # With the default of 0.99 the moving averages lag behind a short training.
    return keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)


def _initializer(random: np.random.Generator) -> keras.Initializer:
    return keras.initializers.HeNormal(seed=int(random.integers(2**31)))
