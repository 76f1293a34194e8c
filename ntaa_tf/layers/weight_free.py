"""The candidates that have no weights, one class each.

Where a site changes the channel count they work on the smaller of the two
counts: channels are reduced before the operation, or expanded behind it.
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

NOISE_SCALE = 0.1
OBSERVED_EXAMPLES = 8
DEVIATION_MOMENTUM = 0.9


class WeightFree(Candidate):
    """An operation that is the sum of a linear and a non-linear part.

    `window` is the linear part: one kernel that is applied to every channel,
    beyond whose border there are zeros; None if there is none. `residue` is
    the non-linear part.
    """

    window: np.ndarray | None = None
    has_residue = False

    def residue(self, images: Any, training: bool = False) -> Any:
        """Compute the non-linear part.

        Args:
            images: (batch, height, width, channels), reduced.
            training: whether the model trains.

        Returns:
            Something that broadcasts to (batch, height, width, channels) on
            the sampling grid.
        """
        raise NotImplementedError

    def weigh_residue(
        self, images: Any, weight: Any, training: bool = False
    ) -> Any:
        """Compute the non-linear part, times its weight in a mixture."""
        return weight * self.residue(images, training)

    @property
    def extent(self) -> Pair:
        """Pixels that the window spans."""
        height, width = cast(np.ndarray, self.window).shape
        return height, width

    def reduce(self, images: Any) -> Any:
        """Reduce the channels to those that the site writes, if fewer."""
        return adapt_channels(images, self.channels)

    def expand(self, images: Any) -> Any:
        """Expand the channels to those that the site writes, if more."""
        return adapt_channels(images, self.geometry.out_channels)

    @property
    def channels(self) -> int:
        """The smaller of the two channel counts."""
        return min(self.geometry.in_channels, self.geometry.out_channels)

    def call(self, images: Any, training: bool = False) -> Any:
        """Apply the operation."""
        images = self.reduce(images)
        parts = []
        if self.window is not None:
            parts.append(self._slide_window(images))
        if self.has_residue:
            parts.append(self.residue(images, training))
        shape = ops.shape(images)[0], *self.geometry.output_size, self.channels
        return self.expand(ops.broadcast_to(sum(parts[1:], parts[0]), shape))

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Give the operation between the adapters it needs."""
        geometry = self.geometry
        reduce = channel_layers(
            geometry.input_size, geometry.in_channels, self.channels, site
        )
        expand = channel_layers(
            geometry.output_size, self.channels, geometry.out_channels, site
        )
        return [*reduce, *self.pooling_layers(site), *expand]

    def pooling_layers(self, site: str) -> list[keras.Layer]:
        """Give the operation itself as stock layers."""
        raise NotImplementedError

    def _slide_window(self, images: Any) -> Any:
        window = cast(np.ndarray, self.window)
        if window.shape == (1, 1):
            sampled = grid.sample(images, self.geometry)
            return sampled if window.item() == 1 else window.item() * sampled
        kernel = np.tile(window[:, :, None, None], (1, 1, self.channels, 1))
        kernel = ops.convert_to_tensor(kernel, images.dtype)
        return grid.convolve_depthwise(images, kernel, self.geometry)


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Identity(WeightFree):
    """The image itself, at the pixels of the sampling grid."""

    window = np.ones((1, 1), "float32")

    def pooling_layers(self, site: str) -> list[keras.Layer]:
        """Give nothing at stride 1, else the sampling."""
        return grid.sampling_layers(self.geometry, site)


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Zero(WeightFree):
    """Nothing: zeros whatever the image."""

    window = np.zeros((1, 1), "float32")

    def pooling_layers(self, site: str) -> list[keras.Layer]:
        """Give the sampling, multiplied by zero."""
        zero = keras.layers.Rescaling(0.0, name=f"{site}_zero")
        return [*grid.sampling_layers(self.geometry, site), zero]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class AveragePooling(WeightFree):
    """The mean over 3×3 pixels; zeros beyond the border count."""

    window = np.full((3, 3), 1 / 9, "float32")

    def pooling_layers(self, site: str) -> list[keras.Layer]:
        """Give an AveragePooling2D behind explicit zeros, which it counts."""
        padding = self.geometry.padding_for((3, 3))
        pad, _ = grid.padding_layers(self.geometry, (3, 3), site)
        if not pad and any(map(any, padding)):
            pad = [keras.layers.ZeroPadding2D(padding, name=f"{site}_pad")]
        pooling = keras.layers.AveragePooling2D(
            3, self.geometry.strides, name=f"{site}_avg_pool"
        )
        return [*pad, pooling]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class MaxPooling(WeightFree):
    """The maximum over 3×3 pixels; beyond the border there is nothing."""

    has_residue = True

    def residue(self, images: Any, training: bool = False) -> Any:
        """Pool."""
        return grid.pool_maximum(images, (3, 3), self.geometry)

    def pooling_layers(self, site: str) -> list[keras.Layer]:
        """Give a MaxPooling2D; strides that it can't align come behind it."""
        name = f"{site}_max_pool"
        if self.geometry.is_same((3, 3)):
            strides = self.geometry.strides
            return [keras.layers.MaxPooling2D(3, strides, "same", name=name)]
        pooling = keras.layers.MaxPooling2D(3, 1, "same", name=name)
        return [pooling, *grid.sampling_layers(self.geometry, site)]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Globalization(WeightFree):
    """The mean over the whole image, at every pixel."""

    has_residue = True

    def residue(self, images: Any, training: bool = False) -> Any:
        """Give the means as one pixel."""
        return ops.mean(images, axis=(1, 2), keepdims=True)

    def pooling_layers(self, site: str) -> list[keras.Layer]:
        """Give a global pooling and an UpSampling2D."""
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
    """The image plus Gaussian noise in training; the image in inference.

    The noise has a tenth of the standard deviation of the batch, taken from a
    few examples of it. One example is drawn for each step, and its sign for
    every example of the batch: drawing a whole batch would cost more than the
    convolution. A moving mean of the deviation is what a plain model's
    GaussianNoise gets.

    Args:
        seed: of the noise.
    """

    window = np.ones((1, 1), "float32")
    has_residue = True

    def __init__(self, *args: Any, seed: int = 0, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple) -> None:
        """Create the moving standard deviation, of each replica its own."""
        self.deviation = self.add_weight(
            (),
            "zeros",
            trainable=False,
            autocast=False,
            name="deviation",
        )

    def residue(self, images: Any, training: bool = False) -> Any:
        """Draw noise, or give zero in inference."""
        return self.weigh_residue(images, 1.0, training)

    def weigh_residue(
        self, images: Any, weight: Any, training: bool = False
    ) -> Any:
        """Draw noise, weighted before it is spread over the batch."""
        if not training:
            return ops.zeros((1, 1, 1, 1), images.dtype)
        num_examples = ops.shape(images)[0]
        example = *self.geometry.output_size, images.shape[-1]
        size = math.prod(example)
        draws = keras.random.normal(
            (size + num_examples,), dtype="float32", seed=self.seed_generator
        )
        signs = ops.sign(draws[size:]) * self._observe(images)
        # One product of a column and a row: the batch is written only once.
        noise = ops.matmul(
            weight * ops.cast(signs[:, None], images.dtype),
            ops.cast(draws[None, :size], images.dtype),
        )
        return ops.reshape(noise, (num_examples, *example))

    def _observe(self, images: Any) -> Any:
        """Measure the deviation of the noise, and keep its moving mean."""
        few = ops.cast(images[:OBSERVED_EXAMPLES], "float32")
        deviation = ops.stop_gradient(NOISE_SCALE * ops.std(few))
        self.deviation.assign(
            DEVIATION_MOMENTUM * self.deviation
            + (1 - DEVIATION_MOMENTUM) * deviation
        )
        return deviation

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return {**super().get_config(), "seed": self.seed}

    def pooling_layers(self, site: str) -> list[keras.Layer]:
        """Give a GaussianNoise behind the sampling."""
        deviation = float(self.deviation.numpy())
        # Keras allows 1 at most; a power of two rounds nothing.
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
