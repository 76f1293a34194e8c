"""Random erasing augmentation with the parameters of its paper."""

import keras
import tensorflow as tf

SHARE_ERASED = 0.5  # share of the images
AREA = (0.02, 0.4)  # share of the image's area
ASPECT = (0.3, 1 / 0.3)  # height by width
# Mean colour of CIFAR-10; the paper's code uses it for persons, too.
FILL = (0.4914 * 255, 0.4822 * 255, 0.4465 * 255)
ATTEMPTS = 20


class RandomErasing:
    """A filled rectangle at a random place in half of the images.

    Keras's RandomErasing draws images and sides by other rules. As in the
    paper, this one draws an area and an aspect ratio until the rectangle fits
    into the image. After 20 failures the image stays whole.

    Source: Zhong et al., "Random Erasing Data Augmentation".
    """

    generator: keras.random.SeedGenerator

    def __call__(
        self, batch: dict[str, tf.Tensor], training: bool
    ) -> dict[str, tf.Tensor]:
        """Erase in the `images` of a batch, float32, 0 to 255."""
        del training  # Called with training batches only.
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
        """Draw top, left, height and width for each image; no area for none."""
        attempts = (count, ATTEMPTS)
        pixels = tf.cast(height * width, tf.float32)
        area = self._draw(attempts, *AREA) * pixels
        aspect = self._draw(attempts, *ASPECT)
        heights = tf.cast(tf.round(tf.sqrt(area * aspect)), tf.int32)
        widths = tf.cast(tf.round(tf.sqrt(area / aspect)), tf.int32)
        fits = (heights < height) & (widths < width)
        # All attempts are drawn at once; the first that fits counts. If none
        # does, `argmax` returns 0 and `reduce_any` below says so.
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
        """Draw an offset from 0 to the free room, both included."""
        share = self._draw(tf.shape(room), 0.0, 1.0)
        drawn = tf.floor(share * tf.cast(room + 1, tf.float32))
        # Guard against rounding up to `room + 1` in float32.
        return tf.minimum(tf.cast(drawn, tf.int32), room)

    def _draw(self, shape: tuple, low: float, high: float) -> tf.Tensor:
        return tf.random.stateless_uniform(
            shape, self.generator.next(), low, high
        )
