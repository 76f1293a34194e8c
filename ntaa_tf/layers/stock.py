"""Candidates that are small networks of stock Keras layers."""

from typing import Any

import keras
from keras import layers

from ntaa_tf.layers import grid
from ntaa_tf.layers.candidates import Candidate

DILATION = 2


class StockCandidate(Candidate):
    """Base class of candidates that consist of stock Keras layers.

    Collapse takes a copy of these layers. Subclasses implement `connect`.

    Args:
        geometry: geometry of a convolution on the same sampling grid.

    Call arguments:
        images: feature maps.
        training: whether the model trains: mode of the batch norms.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.
    """

    def build(self, input_shape: tuple) -> None:
        """Build the network of stock layers."""
        self.network = self._build_network(self.name)

    def call(self, images: Any, training: bool = False) -> Any:
        """Apply the network."""
        return self.network(images, training=training)

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Build a copy of the network, as one model."""
        plain = self._build_network(site)
        plain.set_weights(self.network.get_weights())
        return [plain]

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the stock layers to symbolic feature maps.

        Args:
            images: feature maps (batch, height, width, channels).
            name: prefix of the layers' names.

        Returns:
            The symbolic output.
        """
        raise NotImplementedError

    def _build_network(self, name: str) -> keras.Model:
        inputs = keras.Input(
            (*self.geometry.input_size, self.geometry.in_channels)
        )
        network = keras.Model(inputs, self.connect(inputs, name), name=name)
        # Layers are created with the global dtype policy. Set this layer's.
        for layer in network.layers:
            layer.dtype_policy = self.dtype_policy
        return network


@keras.saving.register_keras_serializable(package="ntaa_tf")
class SeparableStack(StockCandidate):
    """Two times ReLU, separable 3×3 convolution and batch norm.

    Args:
        geometry: geometry of a convolution on the same sampling grid.

    Call arguments:
        images: feature maps.
        training: whether the model trains: mode of the batch norms.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Source: Liu et al., "DARTS: Differentiable Architecture Search", 2019.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> print(SeparableStack(geometry)(np.ones((1, 8, 8, 4))).shape)
    (1, 4, 4, 4)
    """

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the stock layers; the first convolution takes the strides."""
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
    """ReLU, separable 3×3 convolution with dilation 2, and batch norm.

    Keras layers can't combine dilation with strides. With strides of 2, this
    samples every second pixel first and convolves those without dilation: the
    taps lie on the same pixels.

    Args:
        geometry: geometry of a convolution on the same sampling grid.

    Call arguments:
        images: feature maps.
        training: whether the model trains: mode of the batch norms.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Source: Liu et al., "DARTS: Differentiable Architecture Search", 2019.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> print(DilatedSeparable(geometry)(np.ones((1, 8, 8, 4))).shape)
    (1, 4, 4, 4)
    """

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the stock layers to symbolic feature maps."""
        # Sample i is pixel 2 · i + offset. So a tap k samples from the centre
        # is 2 · k pixels from it, as a tap of a kernel with dilation 2.
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
    """3×3 average pooling; pixels beyond the border don't count.

    Args:
        geometry: geometry of a convolution on the same sampling grid.

    Call arguments:
        images: feature maps.
        training: whether the model trains: mode of the batch norms.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Source: Liu et al., "DARTS: Differentiable Architecture Search", 2019.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> print(InnerAveragePooling(geometry)(np.ones((1, 8, 8, 4))).shape)
    (1, 4, 4, 4)
    """

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the pooling layer."""
        return layers.AveragePooling2D(
            3, self.geometry.strides, "same", name=f"{name}_avg_pool"
        )(images)


@keras.saving.register_keras_serializable(package="ntaa_tf")
class FactorizedReduction(StockCandidate):
    """Identity with strides 2: halves rows and columns without losing pixels.

    See `reduce_by_halves`.

    Args:
        geometry: geometry of a convolution on the same sampling grid.

    Call arguments:
        images: feature maps.
        training: whether the model trains: mode of the batch norms.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Source: Liu et al., "DARTS: Differentiable Architecture Search", 2019.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> print(FactorizedReduction(geometry)(np.ones((1, 8, 8, 4))).shape)
    (1, 4, 4, 4)
    """

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the stock layers to symbolic feature maps."""
        return reduce_by_halves(images, self.geometry.out_channels, name)


def project(
    images: keras.KerasTensor, filters: int, name: str
) -> keras.KerasTensor:
    """Apply ReLU, a 1×1 convolution and batch norm.

    Args:
        images: symbolic feature maps (batch, height, width, channels).
        filters: number of output channels.
        name: prefix of the layers' names.
    """
    images = layers.ReLU(name=f"{name}_relu")(images)
    images = convolve_pointwise(images, filters, f"{name}_conv")
    return normalize(images, f"{name}_norm")


def reduce_by_halves(
    images: keras.KerasTensor, filters: int, name: str
) -> keras.KerasTensor:
    """Apply ReLU, two strided 1×1 convolutions and batch norm.

    The convolutions have strides of 2 and half of the filters each. One reads
    the pixels (0, 0), (0, 2), ..., the other one (1, 1), (1, 3), ...

    Args:
        images: symbolic feature maps (batch, height, width, channels).
        filters: number of output channels, even.
        name: prefix of the layers' names.
    """
    images = layers.ReLU(name=f"{name}_relu")(images)
    # Drop the first row and column to shift the grid by one pixel, and add
    # zeros at the end, so that odd sizes give equal halves.
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
    """Apply a 1×1 convolution without bias.

    Args:
        images: symbolic feature maps (batch, height, width, channels).
        filters: number of output channels.
        name: name of the layer.
        strides: distance of two outputs, in pixels.
    """
    return layers.Conv2D(filters, 1, strides, use_bias=False, name=name)(images)


def normalize(images: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Apply batch norm.

    Args:
        images: symbolic tensor whose last axis is normalised.
        name: name of the layer.
    """
    return layers.BatchNormalization(name=name)(images)
