"""Contrastive augmentation of MoCo v2: random views of one image."""

from typing import Any

import keras
import tensorflow as tf

AREA = (0.2, 1.0)  # share of the image's area
ASPECT = (3 / 4, 4 / 3)  # relative width by relative height
# MoCo v2's jitter (brightness, contrast, saturation 0.4; hue 0.1) on Keras's
# scales. Contrast (l, u) is a factor from 1 - l to 1 + u. Saturation f is the
# factor f / (1 - f), here from 0.6 to 1.4. Hue is twice the share of the
# circle of hues.
JITTER = {
    "brightness_factor": 0.4,
    "contrast_factor": (0.4, 0.4),
    "saturation_factor": (0.6 / 1.6, 1.4 / 2.4),
    "hue_factor": 0.2,
}
SHARE_JITTERED = 0.8
SHARE_GREY = 0.2
SHARE_BLURRED = 0.5
SIGMA = (0.1, 2.0)  # pixels
KERNEL_SIZE = 9  # pixels; reaches two standard deviations at most


class RandomResizedCrop:
    """A random crop of random size and shape, resized to the whole image.

    Keras's RandomCrop has a fixed size and doesn't resize. A drawn rectangle
    that is longer than the image is shortened to it.

    Source: Szegedy et al., "Going Deeper with Convolutions", section 6.
    """

    generator: keras.random.SeedGenerator

    def __call__(
        self, batch: dict[str, tf.Tensor], training: bool
    ) -> dict[str, tf.Tensor]:
        """Crop the `images` of a batch, float32."""
        del training  # Called with training batches only.
        images = batch["images"]
        count, height, width = tf.unstack(tf.shape(images)[:3])
        cropped = tf.image.crop_and_resize(
            images,
            self._draw_boxes(count),
            tf.range(count),
            tf.stack([height, width]),
        )
        return {**batch, "images": tf.ensure_shape(cropped, images.shape)}

    def _draw_boxes(self, count: tf.Tensor) -> tf.Tensor:
        """Draw top, left, bottom and right as shares of the sides."""
        area = self._draw(count, *AREA)
        aspect = tf.exp(self._draw(count, *map(tf.math.log, ASPECT)))
        heights = tf.minimum(tf.sqrt(area / aspect), 1.0)
        widths = tf.minimum(tf.sqrt(area * aspect), 1.0)
        top = self._draw(count, 0.0, 1.0) * (1 - heights)
        left = self._draw(count, 0.0, 1.0) * (1 - widths)
        return tf.stack([top, left, top + heights, left + widths], axis=1)

    def _draw(self, count: tf.Tensor, low: Any, high: Any) -> tf.Tensor:
        return tf.random.stateless_uniform(
            (count,), self.generator.next(), low, high
        )


class Sometimes:
    """A Keras augmentation layer that is applied to some images only.

    Args:
        share: probability that an image is augmented.
        layer: the augmentation layer.
    """

    def __init__(self, share: float, layer: keras.Layer):
        self._share = share
        self._layer = layer

    @property
    def generator(self) -> keras.random.SeedGenerator:
        """The seed generator, shared with the layer."""
        return self._layer.generator

    @generator.setter
    def generator(self, generator: keras.random.SeedGenerator) -> None:
        self._layer.generator = generator

    def __call__(
        self, batch: dict[str, tf.Tensor], training: bool
    ) -> dict[str, tf.Tensor]:
        """Augment some of the `images` of a batch."""
        images = batch["images"]
        drawn = tf.random.stateless_uniform(
            tf.shape(images)[:1], self.generator.next()
        )
        changed = self._layer(images, training=training)
        is_changed = (drawn < self._share)[:, None, None, None]
        return {**batch, "images": tf.where(is_changed, changed, images)}


def list_contrasting(flip: bool) -> list[Any]:
    """List the augmentation layers of MoCo v2 in the order they apply.

    Args:
        flip: whether to mirror images as well.

    Source: Chen et al., "Improved Baselines with Momentum Contrastive
    Learning", 2020. Two differences come from Keras's layers: brightness is
    added, not multiplied, and the width of the blur is drawn once a batch.
    """
    jitter = keras.layers.RandomColorJitter(
        value_range=(0, 255), dtype="float32", **JITTER
    )
    blur = keras.layers.RandomGaussianBlur(
        # `Sometimes` chooses the images; the layer blurs all it gets.
        factor=(1.0, 1.0),
        kernel_size=KERNEL_SIZE,
        sigma=SIGMA,
        dtype="float32",
    )
    layers = [
        RandomResizedCrop(),
        Sometimes(SHARE_JITTERED, jitter),
        Sometimes(SHARE_GREY, keras.layers.RandomGrayscale(1.0)),
        Sometimes(SHARE_BLURRED, blur),
    ]
    if flip:
        layers.append(keras.layers.RandomFlip("horizontal", dtype="float32"))
    return layers
