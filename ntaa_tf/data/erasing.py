"""Random erasing with the parameters of its paper."""

import keras
import tensorflow as tf

SHARE_ERASED = 0.5  # of the images
AREA = (0.02, 0.4)  # of the image
ASPECT = (0.3, 1 / 0.3)  # height by width
# The mean of CIFAR-10, which the paper's code also takes for persons.
FILL = (0.4914 * 255, 0.4822 * 255, 0.4465 * 255)
ATTEMPTS = 20


class RandomErasing:
    """Fills a rectangle in half of the images with a mean colour.

    Keras's layer draws the share of images and the sides by other rules. Here,
    as in the paper, an area and an aspect ratio are drawn until a rectangle
    fits into the image; one that fits none of 20 times is left whole.

    Source: Zhong et al., "Random Erasing Data Augmentation".
    """

    generator: keras.random.SeedGenerator

    def __call__(
        self, batch: dict[str, tf.Tensor], training: bool
    ) -> dict[str, tf.Tensor]:
        """Erases in the `images` of a batch, float32, 0 to 255."""
        del training  # Only batches of training come here.
        images = batch["images"]
        shape = tf.shape(images)
        bounds = self._draw_rectangles(shape[0], shape[1], shape[2])
        rows = tf.range(shape[1])[None, :, None]
        columns = tf.range(shape[2])[None, None, :]
        top, left, height, width = (bound[:, None, None] for bound in bounds)
        is_inside = (
            (rows >= top)
            & (rows < top + height)
            & (columns >= left)
            & (columns < left + width)
        )
        erased = tf.where(is_inside[..., None], tf.constant(FILL), images)
        return {**batch, "images": erased}

    def _draw_rectangles(
        self, count: tf.Tensor, height: tf.Tensor, width: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Draws top, left, height and width for each image; 0 for none."""
        attempts = (count, ATTEMPTS)
        pixels = tf.cast(height * width, tf.float32)
        area = self._draw(attempts, *AREA) * pixels
        aspect = self._draw(attempts, *ASPECT)
        heights = tf.cast(tf.round(tf.sqrt(area * aspect)), tf.int32)
        widths = tf.cast(tf.round(tf.sqrt(area / aspect)), tf.int32)
        fits = (heights < height) & (widths < width)
        first = tf.argmax(tf.cast(fits, tf.int32), axis=1)
        erases = self._draw((count,), 0.0, 1.0) < SHARE_ERASED
        erases &= tf.reduce_any(fits, axis=1)
        heights, widths = (
            tf.where(erases, tf.gather(sides, first, batch_dims=1), 0)
            for sides in (heights, widths)
        )
        return (
            self._place(height - heights),
            self._place(width - widths),
            heights,
            widths,
        )

    def _place(self, room: tf.Tensor) -> tf.Tensor:
        """Draws from 0 to the room that is left, inclusively."""
        share = self._draw(tf.shape(room), 0.0, 1.0)
        drawn = tf.floor(share * tf.cast(room + 1, tf.float32))
        return tf.minimum(tf.cast(drawn, tf.int32), room)

    def _draw(self, shape: tuple, low: float, high: float) -> tf.Tensor:
        return tf.random.stateless_uniform(
            shape, self.generator.next(), low, high
        )
