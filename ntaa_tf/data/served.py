"""Decoding as data sets are decoded for evaluation, inside of a graph."""

import dataclasses

import tensorflow as tf

from ntaa_tf.data.crops import crop_center
from ntaa_tf.image_size import Size


@dataclasses.dataclass(frozen=True)
class ServedDecoder:
    """Decodes image files to what a model takes, where it is served.

    Called with encoded JPEG, PNG, GIF, WebP or BMP files, a string tensor of
    shape `(batch,)`, it gives RGB images from 0 to 255, float32, of shape
    `(batch, *size, 3)`: those that `decode_splits` gives of the same files for
    evaluation. Palettes of BMP files are not looked up.

    Attributes:
        size: height and width in pixels that the model takes.
        resize: those that images are resized to before their centre is taken.
        crops: whether images are cropped to that shape first, or stretched.

    Example:
    >>> png = tf.io.encode_png(tf.zeros((8, 6, 3), tf.uint8))
    >>> ServedDecoder((4, 4), (5, 5))(tf.stack([png, png])).shape
    TensorShape([2, 4, 4, 3])
    """

    size: Size
    resize: Size
    crops: bool = True

    def __call__(self, encoded: tf.Tensor) -> tf.Tensor:
        """Decodes a batch of files, whose sizes may differ."""
        images = tf.map_fn(
            self._decode,
            encoded,
            fn_output_signature=tf.TensorSpec((*self.resize, 3), tf.float32),
        )
        return crop_center(images, self.size)

    def _decode(self, encoded: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
        image.set_shape((None, None, 3))
        if self.crops:
            image = _crop(image, self.resize)
        resized = tf.image.resize(image, self.resize, antialias=True)
        return tf.clip_by_value(tf.round(resized), 0.0, 255.0)


def _crop(image: tf.Tensor, shape: Size) -> tf.Tensor:
    """Crops around the centre to a proportion, as `decode.crop` does."""
    whole = tf.shape(image)[:2]
    sides = tf.cast(whole, tf.float64)
    scale = tf.reduce_min(sides / tf.constant(shape, tf.float64))
    kept = tf.round(scale * tf.constant(shape, tf.float64))
    kept = tf.maximum(tf.cast(kept, tf.int32), 1)
    top, left = tf.unstack((whole - kept) // 2)
    return tf.image.crop_to_bounding_box(image, top, left, kept[0], kept[1])
