"""Base class of all candidates, and the convolutions among them.

A candidate computes its operation when it is called. `plain_layers` builds
stock Keras layers with the same outputs for the adapted model. A candidate
that is linear in its input also provides its kernel, so that a mixed op can
merge several of them into one convolution.

Kernels are merged in the dtype of the variables, and cast afterwards. So the
variables are created with `autocast=False`.
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
    """Base class of the operations that a site may become.

    Args:
        geometry: geometry of the source's convolution. All candidates of a
            site have its output shape and its sampling grid.

    Call arguments:
        images: feature maps.
        training: whether the model trains.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.
    """

    def __init__(self, geometry: Geometry, **kwargs: Any):
        super().__init__(**kwargs)
        self.geometry = geometry

    @property
    def keeps_source(self) -> bool:
        """Whether the outputs equal the source's after `inherit`."""
        return False

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the output shape of the source's convolution."""
        return (
            input_shape[0],
            *self.geometry.output_size,
            self.geometry.out_channels,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the configuration for `from_config`."""
        config = {"geometry": self.geometry.get_config()}
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Candidate":
        """Build a candidate from its configuration."""
        geometry = Geometry.from_config(config["geometry"])
        return cls(**{**config, "geometry": geometry})

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Build stock layers, with weights, that compute this candidate.

        Args:
            site: name of the site, used as the prefix of the layers' names.

        Returns:
            Layers to apply in this order.
        """
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Convolution(Candidate):
    """Convolution candidate: dense, or depthwise at a depthwise site.

    The source's own convolution is one of these as well.

    With `core`, the kernel is nested: it contains the source's current kernel,
    and only the taps around it are trained here. They begin as zeros, so the
    candidate begins as the source's convolution.

    Args:
        geometry: geometry of the source's convolution.
        kernel_size: height and width in taps.
        dilation: vertical and horizontal distance of two taps, in pixels.
        use_bias: whether the source's convolution has a bias.
        seed: seed of the random initial kernel, which `inherit` replaces.
        core: the source's convolution, to nest its kernel and share its bias.
            Ignored if this kernel lacks some of the source's taps. Not part
            of the configuration: the mixed op sets it again.

    Call arguments:
        images: feature maps.
        training: ignored.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Example:
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 3, 4
    ... )
    >>> convolution = Convolution(geometry, kernel_size=(5, 5))
    >>> print(convolution(np.ones((1, 8, 8, 3))).shape)
    (1, 4, 4, 4)
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
        """Whether each channel is convolved with its own kernel."""
        return self.geometry.kind == "depthwise"

    @property
    def keeps_source(self) -> bool:
        """Whether the kernel has a tap on every tap of the source's kernel."""
        source = self.geometry.kernel_size, self.geometry.dilation
        return keeps_kernel(*source, self.kernel_size, self.dilation)

    @property
    def extent(self) -> Pair:
        """Height and width of the dilated kernel, in pixels."""
        return span(self.kernel_size, self.dilation)

    def build(self, input_shape: tuple) -> None:
        """Create the kernel and the bias.

        The initial kernel is zero with a core, and random without.
        """
        # Keras's depthwise kernels are (height, width, channels, 1).
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
        """Bias variable, or None. With a core it is the core's."""
        return self._bias if self.core is None else self.core.bias

    def inherit(self, kernel: np.ndarray, bias: np.ndarray | None) -> None:
        """Copy the source's weights into the centre of the kernel.

        Does nothing with a core, whose weights are used directly.

        Args:
            kernel: (height, width, input channels, output channels).
            bias: (output channels,), or None.
        """
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
        """Return the kernel with zeros between its dilated taps."""
        kernel = ops.convert_to_tensor(self.kernel)
        kernel = dilate_kernel(kernel, self.dilation)
        if self.core is None:
            return kernel
        # K = border · own + core. The mask also zeroes the gradient of the own
        # taps that the core covers, so those never train.
        core = fit_kernel(self.core.spread_kernel(), self.extent)
        return kernel * self._border_mask() + core

    def _border_mask(self) -> np.ndarray:
        """Return a mask (*extent, 1, 1): 0 on taps of the core, 1 elsewhere."""
        # Inheriting a kernel of ones marks the pixels on which the core's taps
        # lie, also if they are dilated.
        taps = np.ones((*self.geometry.kernel_size, 1, 1), "float32")
        dilation = self.geometry.dilation
        return 1 - inherit_kernel(taps, dilation, self.extent, (1, 1))

    def spread_depthwise(self) -> Any:
        """Return the depthwise part beside a shared pointwise kernel: a delta.

        At such a site this convolution is the pointwise kernel itself.
        """
        return np.ones((1, 1, 1, 1), "float32")

    def call(self, images: Any, training: bool = False) -> Any:
        """Convolve the feature maps and add the bias."""
        convolve = grid.convolve_depthwise if self.depthwise else grid.convolve
        kernel = ops.cast(self.spread_kernel(), images.dtype)
        return self.add_bias(convolve(images, kernel, self.geometry))

    def add_bias(self, outputs: Any) -> Any:
        """Add the bias, if this candidate has one."""
        if self.bias is None:
            return outputs
        return outputs + ops.cast(self.bias, outputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration for `from_config`."""
        config = {
            "kernel_size": self.kernel_size,
            "dilation": self.dilation,
            "use_bias": self.use_bias,
            "seed": self.seed,
        }
        return {**super().get_config(), **config}

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Build a Conv2D or DepthwiseConv2D, with padding layers if needed."""
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
        # Taps lie on every dilation-th pixel, a core's taps as well. So this
        # slice undoes the dilation and loses nothing.
        down, right = self.dilation
        weights = [self.spread_kernel()[::down, ::right]]
        if self.bias is not None:
            weights.append(self.bias)
        layer.set_weights(list(map(ops.convert_to_numpy, weights)))
        return [*padding, layer]
