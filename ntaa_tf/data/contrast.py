"""The augmentation by which one image becomes two that look different."""

from typing import Any

import keras
import tensorflow as tf

AREA = (0.2, 1.0)  # of the image
ASPECT = (3 / 4, 4 / 3)  # of the shares of width and height
# As Keras counts them: contrast and saturation from 0.6 to 1.4 times, a tenth
# of the circle of hues.
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
KERNEL_SIZE = 9  # pixels, of the blur: two deviations at most


class RandomResizedCrop:
    """Cuts a rectangle out of each image and resizes it to the whole.

    Keras's RandomCrop neither draws sizes nor resizes. Of an area and an
    aspect ratio that do not fit into the image the longer side is cut.

    Source: Szegedy et al., "Going Deeper with Convolutions", section 6.
    """

    generator: keras.random.SeedGenerator

    def __call__(
        self, batch: dict[str, tf.Tensor], training: bool
    ) -> dict[str, tf.Tensor]:
        """Crops the `images` of a batch, float32."""
        del training  # Only batches of training come here.
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
        """Draws top, left, bottom and right, as shares of the sides."""
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
    """Applies a layer of Keras to a share of the images.

    Args:
        share: how probable it is for an image.
        layer: an augmentation of images.
    """

    def __init__(self, share: float, layer: keras.Layer):
        self._share = share
        self._layer = layer

    @property
    def generator(self) -> keras.random.SeedGenerator:
        """What its randomness comes from, and that of the layer."""
        return self._layer.generator

    @generator.setter
    def generator(self, generator: keras.random.SeedGenerator) -> None:
        self._layer.generator = generator

    def __call__(
        self, batch: dict[str, tf.Tensor], training: bool
    ) -> dict[str, tf.Tensor]:
        """Augments some of the `images` of a batch."""
        images = batch["images"]
        drawn = tf.random.stateless_uniform(
            tf.shape(images)[:1], self.generator.next()
        )
        changed = self._layer(images, training=training)
        is_changed = (drawn < self._share)[:, None, None, None]
        return {**batch, "images": tf.where(is_changed, changed, images)}


def list_contrasting(flip: bool) -> list[Any]:
    """Lists what MoCo v2 does to an image, in this order.

    Args:
        flip: whether images are mirrored as well.

    Source: Chen et al., "Improved Baselines with Momentum Contrastive
    Learning", 2020; Keras's brightness is added where that paper's is a
    factor, and one width of the blur is drawn for a batch.
    """
    jitter = keras.layers.RandomColorJitter(
        value_range=(0, 255), dtype="float32", **JITTER
    )
    blur = keras.layers.RandomGaussianBlur(
        # From 1 to 1: of all images that come to it.
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
