"""Candidates without weights, one class each.

If a site changes the channel count, these work on the smaller of the two
counts: they reduce the channels before the operation, or expand them behind.
"""

import math
from typing import Any
from typing import cast

import keras
import numpy as np
from keras import ops

from ntaa_tf.geometry import Pair
from ntaa_tf.layers import grid
from ntaa_tf.layers.candidates import Candidate
from ntaa_tf.layers.channels import adapt_channels
from ntaa_tf.layers.channels import channel_layers

# Standard deviation of the noise, relative to that of the feature maps.
NOISE_SCALE = 0.1
# Examples of a batch that the standard deviation is measured on.
OBSERVED_EXAMPLES = 8
# Momentum of the moving mean of the noise's standard deviation.
DEVIATION_MOMENTUM = 0.9


class WeightFree(Candidate):
    """Base class of candidates without weights: linear plus non-linear part.

    A subclass sets one or both of:

    - `window`: kernel (height, width) of the linear part. It is applied to
      every channel, with zeros beyond the border. None without linear part.
    - `has_nonlinear`: whether `compute_nonlinear` is implemented.

    A mixed op merges windows into its kernel, and adds only the non-linear
    parts to the outputs of its convolution.

    Args:
        geometry: geometry of the source's convolution.

    Call arguments:
        images: feature maps.
        training: whether the model trains.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.
    """

    window: np.ndarray | None = None
    has_nonlinear = False

    def compute_nonlinear(self, images: Any, training: bool = False) -> Any:
        """Compute the non-linear part.

        Args:
            images: feature maps (batch, height, width, channels), after
                `reduce`.
            training: whether the model trains.

        Returns:
            A tensor that broadcasts to (batch, rows, columns, channels) on the
            sampling grid.
        """
        raise NotImplementedError

    def weigh_nonlinear(
        self, images: Any, weight: Any, training: bool = False
    ) -> Any:
        """Compute the non-linear part times its weight in a mixture."""
        return weight * self.compute_nonlinear(images, training)

    @property
    def extent(self) -> Pair:
        """Height and width of the window, in pixels."""
        height, width = cast(np.ndarray, self.window).shape
        return height, width

    def reduce(self, images: Any) -> Any:
        """Reduce the channels to the smaller count, before the operation."""
        return adapt_channels(images, self.channels)

    def expand(self, images: Any) -> Any:
        """Expand the channels to the output count, behind the operation."""
        return adapt_channels(images, self.geometry.out_channels)

    @property
    def channels(self) -> int:
        """Smaller of the input and output channel counts."""
        return min(self.geometry.in_channels, self.geometry.out_channels)

    def call(self, images: Any, training: bool = False) -> Any:
        """Apply the operation between the channel adapters."""
        images = self.reduce(images)
        parts = []
        if self.window is not None:
            parts.append(self._slide_window(images))
        if self.has_nonlinear:
            parts.append(self.compute_nonlinear(images, training))
        # A global mean is one pixel, which has to become the whole map.
        shape = ops.shape(images)[0], *self.geometry.output_size, self.channels
        return self.expand(ops.broadcast_to(sum(parts[1:], parts[0]), shape))

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Build stock layers: the operation between channel adapters."""
        geometry = self.geometry
        reduce = channel_layers(
            geometry.input_size, geometry.in_channels, self.channels, site
        )
        expand = channel_layers(
            geometry.output_size, self.channels, geometry.out_channels, site
        )
        return [*reduce, *self.operation_layers(site), *expand]

    def operation_layers(self, site: str) -> list[keras.Layer]:
        """Build stock layers of the operation without channel adapters."""
        raise NotImplementedError

    def _slide_window(self, images: Any) -> Any:
        """Convolve every channel with the window."""
        window = cast(np.ndarray, self.window)
        if window.shape == (1, 1):
            sampled = grid.sample(images, self.geometry)
            return sampled if window.item() == 1 else window.item() * sampled
        kernel = np.tile(window[:, :, None, None], (1, 1, self.channels, 1))
        kernel = ops.convert_to_tensor(kernel, images.dtype)
        return grid.convolve_depthwise(images, kernel, self.geometry)


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Identity(WeightFree):
    """Identity candidate: the feature maps at the pixels of the sampling grid.

    Args:
        geometry: geometry of the source's convolution.

    Call arguments:
        images: feature maps.
        training: ignored.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> image = np.arange(64.0).reshape(1, 8, 8, 1).repeat(4, axis=-1)
    >>> outputs = Identity(geometry)(image)
    >>> bool(np.all(outputs == image[:, 1::2, 1::2]))
    True
    """

    window = np.ones((1, 1), "float32")

    def operation_layers(self, site: str) -> list[keras.Layer]:
        """Build the sampling layers: none at stride 1."""
        return grid.sampling_layers(self.geometry, site)


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Zero(WeightFree):
    """Zero candidate: all outputs are zero.

    Args:
        geometry: geometry of the source's convolution.

    Call arguments:
        images: feature maps.
        training: ignored.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> outputs = Zero(geometry)(np.ones((1, 8, 8, 4)))
    >>> tuple(outputs.shape[1:3]), float(np.max(outputs))
    ((4, 4), 0.0)
    """

    window = np.zeros((1, 1), "float32")

    def operation_layers(self, site: str) -> list[keras.Layer]:
        """Build sampling layers and a Rescaling by zero."""
        zero = keras.layers.Rescaling(0.0, name=f"{site}_zero")
        return [*grid.sampling_layers(self.geometry, site), zero]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class AveragePooling(WeightFree):
    """3×3 average pooling candidate; zeros beyond the border count.

    Counting them makes the operation linear with one kernel for all pixels,
    so that a mixed op can merge it.

    Args:
        geometry: geometry of the source's convolution.

    Call arguments:
        images: feature maps.
        training: ignored.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> outputs = AveragePooling(geometry)(np.ones((1, 8, 8, 4)))
    >>> print(np.round(outputs[0, 2:, 2:, 0], 2))
    [[1.   0.67]
     [0.67 0.44]]
    """

    window = np.full((3, 3), 1 / 9, "float32")

    def operation_layers(self, site: str) -> list[keras.Layer]:
        """Build an AveragePooling2D behind explicit zeros."""
        padding = self.geometry.padding_for((3, 3))
        pad, _ = grid.padding_layers(self.geometry, (3, 3), site)
        # With `same` padding AveragePooling2D would leave the border out of
        # its mean. Explicit zeros are counted, as `window` counts them.
        if not pad and any(map(any, padding)):
            pad = [keras.layers.ZeroPadding2D(padding, name=f"{site}_pad")]
        pooling = keras.layers.AveragePooling2D(
            3, self.geometry.strides, name=f"{site}_avg_pool"
        )
        return [*pad, pooling]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class MaxPooling(WeightFree):
    """3×3 max pooling candidate; the border is ignored.

    Args:
        geometry: geometry of the source's convolution.

    Call arguments:
        images: feature maps.
        training: ignored.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> image = np.arange(64.0).reshape(1, 8, 8, 1).repeat(4, axis=-1)
    >>> print(np.asarray(MaxPooling(geometry)(image)[0, :, 0, 0]))
    [18. 34. 50. 58.]
    """

    has_nonlinear = True

    def compute_nonlinear(self, images: Any, training: bool = False) -> Any:
        """Apply max pooling."""
        return grid.pool_maximum(images, (3, 3), self.geometry)

    def operation_layers(self, site: str) -> list[keras.Layer]:
        """Build a MaxPooling2D, with sampling layers if it is off the grid."""
        name = f"{site}_max_pool"
        if self.geometry.is_same((3, 3)):
            strides = self.geometry.strides
            return [keras.layers.MaxPooling2D(3, strides, "same", name=name)]
        pooling = keras.layers.MaxPooling2D(3, 1, "same", name=name)
        return [pooling, *grid.sampling_layers(self.geometry, site)]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Globalization(WeightFree):
    """Global average pooling candidate: the mean of the map, at every pixel.

    Args:
        geometry: geometry of the source's convolution.

    Call arguments:
        images: feature maps.
        training: ignored.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> image = np.arange(64.0).reshape(1, 8, 8, 1).repeat(4, axis=-1)
    >>> outputs = Globalization(geometry)(image)
    >>> tuple(outputs.shape[1:3]), float(outputs[0, 0, 0, 0])
    ((4, 4), 31.5)
    """

    has_nonlinear = True

    def compute_nonlinear(self, images: Any, training: bool = False) -> Any:
        """Return the means as a map of one pixel."""
        return ops.mean(images, axis=(1, 2), keepdims=True)

    def operation_layers(self, site: str) -> list[keras.Layer]:
        """Build a global average pooling and an upsampling layer."""
        return [
            keras.layers.GlobalAveragePooling2D(
                keepdims=True, name=f"{site}_mean"
            ),
            keras.layers.UpSampling2D(
                self.geometry.output_size, name=f"{site}_globalization"
            ),
        ]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Noise(WeightFree):
    """Noise candidate: identity plus Gaussian noise during training.

    The standard deviation of the noise is a tenth of that of the batch,
    measured on its first examples. Each step draws noise for one example and a
    random sign for every example of the batch. Independent noise for the whole
    batch would cost more than the convolution. A moving mean of the standard
    deviation becomes the GaussianNoise layer of the adapted model.

    Args:
        geometry: geometry of the source's convolution.
        seed: seed of the noise.

    Call arguments:
        images: feature maps.
        training: whether to add noise.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Example:
    >>> from ntaa_tf.geometry import Geometry
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)), (8, 8), 4, 4
    ... )
    >>> outputs = Noise(geometry)(np.ones((1, 8, 8, 4)), training=True)
    >>> tuple(outputs.shape)
    (1, 4, 4, 4)
    """

    window = np.ones((1, 1), "float32")
    has_nonlinear = True

    def __init__(self, *args: Any, seed: int = 0, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple) -> None:
        """Create the moving standard deviation, a separate one per replica."""
        self.deviation = self.add_weight(
            (),
            "zeros",
            trainable=False,
            autocast=False,
            name="deviation",
        )

    def compute_nonlinear(self, images: Any, training: bool = False) -> Any:
        """Draw noise, or return zero during inference."""
        return self.weigh_nonlinear(images, 1.0, training)

    def weigh_nonlinear(
        self, images: Any, weight: Any, training: bool = False
    ) -> Any:
        """Draw noise times its weight in a mixture."""
        if not training:
            return ops.zeros((1, 1, 1, 1), images.dtype)
        num_examples = ops.shape(images)[0]
        example = *self.geometry.output_size, images.shape[-1]
        size = math.prod(example)
        draws = keras.random.normal(
            (size + num_examples,), dtype="float32", seed=self.seed_generator
        )
        signs = ops.sign(draws[size:]) * self._observe(images)
        # The noise of example n is weight · sign_n · draws. As a product of a
        # column (n, 1) and a row (1, pixels), the batch is written only once.
        noise = ops.matmul(
            weight * ops.cast(signs[:, None], images.dtype),
            ops.cast(draws[None, :size], images.dtype),
        )
        return ops.reshape(noise, (num_examples, *example))

    def _observe(self, images: Any) -> Any:
        """Return the noise's standard deviation and update its moving mean."""
        few = ops.cast(images[:OBSERVED_EXAMPLES], "float32")
        deviation = ops.stop_gradient(NOISE_SCALE * ops.std(few))
        self.deviation.assign(
            DEVIATION_MOMENTUM * self.deviation
            + (1 - DEVIATION_MOMENTUM) * deviation
        )
        return deviation

    def get_config(self) -> dict[str, Any]:
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "seed": self.seed}

    def operation_layers(self, site: str) -> list[keras.Layer]:
        """Build a GaussianNoise layer behind the sampling layers."""
        deviation = float(self.deviation.numpy())
        # GaussianNoise allows a deviation of 1 at most. So a larger one is put
        # between two rescalings, by powers of two, which round nothing.
        scale = 2.0 ** max(0, math.ceil(math.log2(deviation or 1.0)))
        noise = keras.layers.GaussianNoise(
            deviation / scale, seed=self.seed, name=f"{site}_noise"
        )
        layers = [*grid.sampling_layers(self.geometry, site), noise]
        if scale > 1:
            down = keras.layers.Rescaling(1 / scale, name=f"{site}_down")
            up = keras.layers.Rescaling(scale, name=f"{site}_up")
            layers[-1:] = [down, noise, up]
        return layers
