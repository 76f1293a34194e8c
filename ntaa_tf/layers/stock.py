"""Candidates that are small networks of stock layers."""

from typing import Any

import keras
from keras import layers

from ntaa_tf.layers import grid
from ntaa_tf.layers.candidates import Candidate

DILATION = 2


class StockCandidate(Candidate):
    """A candidate whose layers are Keras's own: it collapses into a copy.

    Args:
        geometry: of a convolution on the same sampling grid.
    """

    def build(self, input_shape: tuple) -> None:
        """Make the stock layers that compute it."""
        self.network = self._build_network(self.name)

    def call(self, images: Any, training: bool = False) -> Any:
        """Compute it."""
        return self.network(images, training=training)

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Give a model of stock layers, with these weights."""
        plain = self._build_network(site)
        plain.set_weights(self.network.get_weights())
        return [plain]

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the stock layers to symbolic images.

        Args:
            images: (batch, height, width, channels).
            name: what the names of the layers begin with.
        """
        raise NotImplementedError

    def _build_network(self, name: str) -> keras.Model:
        inputs = keras.Input(
            (*self.geometry.input_size, self.geometry.in_channels)
        )
        network = keras.Model(inputs, self.connect(inputs, name), name=name)
        for layer in network.layers:
            layer.dtype_policy = self.dtype_policy
        return network


@keras.saving.register_keras_serializable(package="ntaa_tf")
class SeparableStack(StockCandidate):
    """Twice ReLU, a separable 3×3 convolution and batch norm.

    Source: Liu et al., "DARTS: Differentiable Architecture Search", 2019.
    """

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the stock layers; the first convolution has the strides."""
        channels = self.geometry.out_channels
        for index, strides in enumerate((self.geometry.strides, 1), start=1):
            images = layers.ReLU(name=f"{name}_relu{index}")(images)
            images = layers.SeparableConv2D(
                channels,
                3,
                strides,
                padding="same",
                use_bias=False,
                name=f"{name}_separable{index}",
            )(images)
            images = normalize(images, f"{name}_norm{index}")
        return images


@keras.saving.register_keras_serializable(package="ntaa_tf")
class DilatedSeparable(StockCandidate):
    """ReLU, a separable 3×3 convolution of dilation 2, and batch norm.

    Keras has no dilation with strides. With strides of 2 it is an undilated
    convolution of the pixels that are sampled, the others being stepped over.

    Source: Liu et al., "DARTS: Differentiable Architecture Search", 2019.
    """

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the stock layers."""
        for layer in grid.sampling_layers(self.geometry, name):
            images = layer(images)
        images = layers.ReLU(name=f"{name}_relu")(images)
        images = layers.DepthwiseConv2D(
            3,
            padding="same",
            dilation_rate=DILATION // self.geometry.strides[0],
            use_bias=False,
            name=f"{name}_depthwise",
        )(images)
        images = convolve_pointwise(
            images, self.geometry.out_channels, f"{name}_pointwise"
        )
        return normalize(images, f"{name}_norm")


@keras.saving.register_keras_serializable(package="ntaa_tf")
class InnerAveragePooling(StockCandidate):
    """The mean over 3×3 pixels; beyond the border there is nothing."""

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Pool."""
        return layers.AveragePooling2D(
            3, self.geometry.strides, "same", name=f"{name}_avg_pool"
        )(images)


@keras.saving.register_keras_serializable(package="ntaa_tf")
class FactorizedReduction(StockCandidate):
    """An identity that halves rows and columns, and loses no pixel."""

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Reduce."""
        return reduce_by_halves(images, self.geometry.out_channels, name)


def project(
    images: keras.KerasTensor, filters: int, name: str
) -> keras.KerasTensor:
    """Apply ReLU, a 1×1 convolution and batch norm.

    Args:
        images: symbolic, (batch, height, width, channels).
        filters: channels of the output.
        name: what the names of the layers begin with.
    """
    images = layers.ReLU(name=f"{name}_relu")(images)
    images = convolve_pointwise(images, filters, f"{name}_conv")
    return normalize(images, f"{name}_norm")


def reduce_by_halves(
    images: keras.KerasTensor, filters: int, name: str
) -> keras.KerasTensor:
    """Apply ReLU, 1×1 convolutions of both diagonals of 2×2, and batch norm.

    Args:
        images: symbolic, (batch, height, width, channels).
        filters: channels of the output, even.
        name: what the names of the layers begin with.
    """
    images = layers.ReLU(name=f"{name}_relu")(images)
    cut = layers.Cropping2D(((1, 0), (1, 0)), name=f"{name}_cut")(images)
    shifted = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"{name}_pad")(cut)
    halves = [
        convolve_pointwise(half, filters // 2, f"{name}_half{index}", strides=2)
        for index, half in enumerate((images, shifted), start=1)
    ]
    joined = layers.Concatenate(name=f"{name}_halves")(halves)
    return normalize(joined, f"{name}_norm")


def convolve_pointwise(
    images: keras.KerasTensor, filters: int, name: str, strides: int = 1
) -> keras.KerasTensor:
    """Apply a 1×1 convolution without a bias."""
    return layers.Conv2D(filters, 1, strides, use_bias=False, name=name)(images)


def normalize(images: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Apply batch norm."""
    return layers.BatchNormalization(name=name)(images)
