"""Separable convolution: a depthwise and a pointwise kernel."""

from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import Pair
from ntaa_tf.geometry import as_pair
from ntaa_tf.layers import grid
from ntaa_tf.layers.candidates import Candidate
from ntaa_tf.layers.candidates import Convolution
from ntaa_tf.layers.kernels import inherit_kernel


@keras.saving.register_keras_serializable(package="ntaa_tf")
class SeparableConvolution(Candidate):
    """Separable convolution candidate: depthwise, then pointwise.

    The order is that of SeparableConv2D, with one exception. If the pointwise
    kernel is shared and reduces the channel count, the depthwise convolution
    comes last, because it has fewer channels to convolve there.

    Args:
        geometry: geometry of the source's convolution.
        kernel_size: height and width of the depthwise kernel, in taps.
        use_bias: whether the source's convolution has a bias.
        seed: seed of the random initial kernels, which `inherit` replaces.
        pointwise: the 1×1 convolution whose kernel and bias to share. At a
            pointwise site all candidates share the source's. If None, this
            candidate has its own. Not part of the configuration: the mixed op
            sets it again.

    Call arguments:
        images: feature maps.
        training: ignored.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Source: Haase and Amthor, "Rethinking Depthwise Separable Convolutions",
    2020, for the depthwise convolution behind the pointwise one.

    Example:
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 3, 4
    ... )
    >>> convolution = SeparableConvolution(geometry, kernel_size=(5, 5))
    >>> print(convolution(np.ones((1, 8, 8, 3))).shape)
    (1, 4, 4, 4)
    """

    def __init__(
        self,
        geometry: Geometry,
        kernel_size: Pair,
        use_bias: bool = False,
        seed: int = 0,
        pointwise: Convolution | None = None,
        **kwargs: Any,
    ):
        super().__init__(geometry, **kwargs)
        self.kernel_size = as_pair(kernel_size)
        self.use_bias = use_bias
        self.seed = seed
        self.shares = pointwise is not None
        self.pointwise = pointwise or Convolution(
            geometry, (1, 1), use_bias=use_bias, seed=seed, name="pointwise"
        )

    @property
    def keeps_source(self) -> bool:
        """Whether a delta beside the pointwise kernel is the source's kernel.

        True at pointwise sites. Elsewhere the source has taps around the
        centre that no separable kernel inherits.
        """
        return self.geometry.kind == "pointwise"

    @property
    def depthwise_last(self) -> bool:
        """Whether the pointwise convolution comes first."""
        return self.shares and self.geometry.reduces

    @property
    def channels(self) -> int:
        """Channel count of the depthwise convolution."""
        geometry = self.geometry
        if self.depthwise_last:
            return geometry.out_channels
        return geometry.in_channels

    def build(self, input_shape: tuple) -> None:
        """Create the kernels."""
        if not self.pointwise.built:
            self.pointwise.build(input_shape)
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, self.channels, 1),
            initializer=keras.initializers.HeNormal(seed=self.seed),
            autocast=False,
            name="depthwise_kernel",
        )

    def inherit(self, kernel: np.ndarray, bias: np.ndarray | None) -> None:
        """Set a delta as depthwise kernel, and copy the source's centre tap.

        A shared pointwise kernel is left alone: the source inherits itself.

        Args:
            kernel: (height, width, input channels, output channels).
            bias: (output channels,), or None.
        """
        # A delta, 1 at the centre and 0 elsewhere, is the identity of a
        # depthwise convolution.
        delta = np.ones((1, 1, self.channels, 1), "float32")
        self.depthwise_kernel.assign(
            inherit_kernel(delta, (1, 1), self.kernel_size, (1, 1))
        )
        if not self.shares:
            self.pointwise.inherit(kernel, bias)

    def spread_depthwise(self) -> Any:
        """Return the depthwise kernel (height, width, channels, 1)."""
        return ops.convert_to_tensor(self.depthwise_kernel)

    def spread_kernel(self) -> Any:
        """Return the equivalent dense kernel, if depthwise comes first."""
        # With D[i, j, c] and P[c, o] the outputs are Σ_c P[c, o] · (D_c ∗ x_c).
        # The dense kernel is K[i, j, c, o] = D[i, j, c] · P[c, o], by
        # broadcasting (h, w, c, 1) · (1, 1, c, o).
        return self.spread_depthwise() * self.pointwise.kernel

    @property
    def bias(self) -> Any:
        """Bias variable, or None. It is added to the final outputs."""
        return self.pointwise.bias

    @property
    def extent(self) -> Pair:
        """Height and width of the depthwise kernel, in pixels."""
        return self.kernel_size

    def call(self, images: Any, training: bool = False) -> Any:
        """Apply both convolutions and add the bias."""
        kernel = ops.cast(self.depthwise_kernel, images.dtype)
        pointwise = ops.cast(self.pointwise.kernel, images.dtype)
        outputs = grid.convolve_separable(
            images, kernel, pointwise, self.geometry, self.depthwise_last
        )
        return self.pointwise.add_bias(outputs)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration for `from_config`."""
        config = {
            "kernel_size": self.kernel_size,
            "use_bias": self.use_bias,
            "seed": self.seed,
        }
        return {**super().get_config(), **config}

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Build a SeparableConv2D, or two convolutions if depthwise is last."""
        if self.depthwise_last:
            return self._plain_parts(site)
        padding, mode = grid.padding_layers(
            self.geometry, self.kernel_size, site
        )
        layer = keras.layers.SeparableConv2D(
            self.geometry.out_channels,
            self.kernel_size,
            strides=self.geometry.strides,
            padding=mode,
            use_bias=self.use_bias,
            name=site,
        )
        layer.build((None, None, None, self.geometry.in_channels))
        biases = [] if self.bias is None else [self.bias]
        _copy([self.depthwise_kernel, self.pointwise.kernel, *biases], layer)
        return [*padding, layer]

    def _plain_parts(self, site: str) -> list[keras.Layer]:
        """Build a 1×1 Conv2D, then a DepthwiseConv2D that has the bias."""
        geometry = self.geometry
        padding, mode = grid.padding_layers(geometry, (1, 1), site)
        pointwise = keras.layers.Conv2D(
            geometry.out_channels,
            1,
            strides=geometry.strides,
            padding=mode,
            use_bias=False,
            name=f"{site}_pointwise",
        )
        pointwise.build((None, None, None, geometry.in_channels))
        _copy([self.pointwise.kernel], pointwise)
        depthwise = keras.layers.DepthwiseConv2D(
            self.kernel_size, padding="same", use_bias=self.use_bias, name=site
        )
        depthwise.build((None, None, None, geometry.out_channels))
        biases = [] if self.bias is None else [self.bias]
        _copy([self.depthwise_kernel, *biases], depthwise)
        return [*padding, pointwise, depthwise]


def _copy(weights: list[Any], layer: keras.layers.Layer) -> None:
    layer.set_weights([ops.convert_to_numpy(weight) for weight in weights])
