"""The separable convolution: one depthwise and one pointwise kernel."""

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
    """A depthwise convolution beside a pointwise one.

    The depthwise one comes first, as in a SeparableConv2D. Where it shares
    the pointwise kernel of a site that reduces the channels, it comes last:
    there are fewer channels then, and all its work is on them.

    Args:
        geometry: the geometry of the source's own convolution.
        kernel_size: height and width of the depthwise kernel, in taps.
        use_bias: whether the source's convolution has a bias.
        seed: of the random kernels that `inherit` replaces.
        pointwise: the 1×1 convolution to share, as at pointwise sites all
            candidates share the source's; its own when None. It is no part of
            the configuration.

    Source: Haase and Amthor, "Rethinking Depthwise Separable Convolutions",
    2020, for the depthwise convolution behind the pointwise one.
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
        """Whether the source is the pointwise kernel, and a delta beside it."""
        return self.geometry.kind == "pointwise"

    @property
    def depthwise_last(self) -> bool:
        """Whether the pointwise convolution comes first."""
        return self.shares and self.geometry.reduces

    @property
    def channels(self) -> int:
        """Channels of the depthwise convolution."""
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
        """Start as the centre of the source's kernel, beside a delta."""
        delta = np.ones((1, 1, self.channels, 1), "float32")
        self.depthwise_kernel.assign(
            inherit_kernel(delta, (1, 1), self.kernel_size, (1, 1))
        )
        if not self.shares:
            self.pointwise.inherit(kernel, bias)

    def spread_depthwise(self) -> Any:
        """Give the depthwise kernel."""
        return ops.convert_to_tensor(self.depthwise_kernel)

    def spread_kernel(self) -> Any:
        """Give both kernels as one dense one; if depthwise comes first."""
        return self.spread_depthwise() * self.pointwise.kernel

    @property
    def bias(self) -> Any:
        """The bias, added last, or None."""
        return self.pointwise.bias

    @property
    def extent(self) -> Pair:
        """Pixels that the depthwise kernel spans."""
        return self.kernel_size

    def call(self, images: Any, training: bool = False) -> Any:
        """Convolve each channel and mix the channels."""
        kernel = ops.cast(self.depthwise_kernel, images.dtype)
        pointwise = ops.cast(self.pointwise.kernel, images.dtype)
        outputs = grid.convolve_separable(
            images, kernel, pointwise, self.geometry, self.depthwise_last
        )
        return self.pointwise.add_bias(outputs)

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        config = {
            "kernel_size": self.kernel_size,
            "use_bias": self.use_bias,
            "seed": self.seed,
        }
        return {**super().get_config(), **config}

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Give a SeparableConv2D, or its parts in turn, and the padding."""
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
        """Give a Conv2D and, behind it, a DepthwiseConv2D with the bias."""
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
