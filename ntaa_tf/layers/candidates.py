"""The convolutions that a site may become, and what all candidates share.

A candidate computes its operation by itself when it is called, and gives the
stock layers that compute it in a plain model. What is linear in the image
also gives its kernel, so that a mixed op can merge it with others. Kernels
merge in the variables' dtype; so Keras must not cast them by itself.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import Pair
from ntaa_tf.geometry import as_pair
from ntaa_tf.geometry import span
from ntaa_tf.layers import grid
from ntaa_tf.layers.kernels import dilate_kernel
from ntaa_tf.layers.kernels import fit_kernel
from ntaa_tf.layers.kernels import inherit_kernel
from ntaa_tf.layers.kernels import keeps_kernel


class Candidate(keras.layers.Layer):
    """One operation on the sampling grid of a site.

    Args:
        geometry: the geometry of the source's own convolution.
    """

    def __init__(self, geometry: Geometry, **kwargs: Any):
        super().__init__(**kwargs)
        self.geometry = geometry

    @property
    def keeps_source(self) -> bool:
        """Whether it computes what the source does, once it has inherited."""
        return False

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Give the shape of the source's own output."""
        return (
            input_shape[0],
            *self.geometry.output_size,
            self.geometry.out_channels,
        )

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        config = {"geometry": self.geometry.get_config()}
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Candidate":
        """Make a candidate from its configuration."""
        geometry = Geometry.from_config(config["geometry"])
        return cls(**{**config, "geometry": geometry})

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Give stock layers, built, that compute this candidate in turn.

        Args:
            site: name of the site; it names the layers.
        """
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Convolution(Candidate):
    """A convolution: dense, or of each channel by itself at depthwise sites.

    Args:
        geometry: the geometry of the source's own convolution.
        kernel_size: height and width in taps.
        dilation: pixels between taps.
        use_bias: whether the source's convolution has a bias.
        seed: of the random kernel that `inherit` replaces.
        core: the source's own convolution, where this is its kernel and bias
            and taps around it, which begin as zeros. With None, or where the
            core has taps that this lacks, this has a kernel of its own. It is
            no part of the configuration.

    Example:
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 3, 4
    ... )
    >>> Convolution(geometry, (5, 5))(np.ones((1, 8, 8, 3))).shape
    TensorShape([1, 4, 4, 4])
    """

    def __init__(
        self,
        geometry: Geometry,
        kernel_size: Pair,
        dilation: Pair = (1, 1),
        use_bias: bool = False,
        seed: int = 0,
        core: "Convolution | None" = None,
        **kwargs: Any,
    ):
        super().__init__(geometry, **kwargs)
        self.kernel_size = as_pair(kernel_size)
        self.dilation = as_pair(dilation)
        self.use_bias = use_bias
        self.seed = seed
        self.core = core if self.keeps_source else None

    @property
    def depthwise(self) -> bool:
        """Whether each channel is convolved by itself."""
        return self.geometry.kind == "depthwise"

    @property
    def keeps_source(self) -> bool:
        """Whether the kernel has a tap for each of the source's."""
        source = self.geometry.kernel_size, self.geometry.dilation
        return keeps_kernel(*source, self.kernel_size, self.dilation)

    @property
    def extent(self) -> Pair:
        """Pixels that the kernel spans."""
        return span(self.kernel_size, self.dilation)

    def build(self, input_shape: tuple) -> None:
        """Create the kernel, random or around a core zero; and the bias."""
        channels = 1 if self.depthwise else self.geometry.out_channels
        initializer = keras.initializers.HeNormal(seed=self.seed)
        self.kernel = self.add_weight(
            (*self.kernel_size, self.geometry.in_channels, channels),
            initializer="zeros" if self.core else initializer,
            autocast=False,
            name="kernel",
        )
        self._bias = None
        if self.use_bias and self.core is None:
            self._bias = self.add_weight(
                (self.geometry.out_channels,),
                "zeros",
                autocast=False,
                name="bias",
            )

    @property
    def bias(self) -> Any:
        """The bias, or None."""
        return self._bias if self.core is None else self.core.bias

    def inherit(self, kernel: np.ndarray, bias: np.ndarray | None) -> None:
        """Take over the source's kernel around the centre, and its bias."""
        if self.core is not None:
            return
        self.kernel.assign(
            inherit_kernel(
                kernel, self.geometry.dilation, self.kernel_size, self.dilation
            )
        )
        if self.bias is not None:
            self.bias.assign(bias)

    def spread_kernel(self) -> Any:
        """Give the kernel, undilated."""
        kernel = ops.convert_to_tensor(self.kernel)
        kernel = dilate_kernel(kernel, self.dilation)
        if self.core is None:
            return kernel
        core = fit_kernel(self.core.spread_kernel(), self.extent)
        return kernel * self._find_border() + core

    def _find_border(self) -> np.ndarray:
        """Give 1 where the core has no tap, 0 where it has one."""
        taps = np.ones((*self.geometry.kernel_size, 1, 1), "float32")
        dilation = self.geometry.dilation
        return 1 - inherit_kernel(taps, dilation, self.extent, (1, 1))

    def spread_depthwise(self) -> Any:
        """Give what stands beside a shared pointwise kernel: a delta."""
        return np.ones((1, 1, 1, 1), "float32")

    def call(self, images: Any, training: bool = False) -> Any:
        """Convolve."""
        convolve = grid.convolve_depthwise if self.depthwise else grid.convolve
        kernel = ops.cast(self.spread_kernel(), images.dtype)
        return self.add_bias(convolve(images, kernel, self.geometry))

    def add_bias(self, outputs: Any) -> Any:
        """Add the bias, if there is one."""
        if self.bias is None:
            return outputs
        return outputs + ops.cast(self.bias, outputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        config = {
            "kernel_size": self.kernel_size,
            "dilation": self.dilation,
            "use_bias": self.use_bias,
            "seed": self.seed,
        }
        return {**super().get_config(), **config}

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Give a Conv2D or DepthwiseConv2D and the padding it needs."""
        padding, mode = grid.padding_layers(self.geometry, self.extent, site)
        common = {
            "strides": self.geometry.strides,
            "padding": mode,
            "dilation_rate": self.dilation,
            "use_bias": self.use_bias,
            "name": site,
        }
        if self.depthwise:
            layer = keras.layers.DepthwiseConv2D(self.kernel_size, **common)
        else:
            layer = keras.layers.Conv2D(
                self.geometry.out_channels, self.kernel_size, **common
            )
        layer.build((None, None, None, self.geometry.in_channels))
        down, right = self.dilation
        weights = [self.spread_kernel()[::down, ::right]]
        if self.bias is not None:
            weights.append(self.bias)
        layer.set_weights(list(map(ops.convert_to_numpy, weights)))
        return [*padding, layer]
