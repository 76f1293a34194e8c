"""Image decoding inside a TensorFlow graph, for served models."""

import dataclasses

import tensorflow as tf

from ntaa_tf.data.crops import crop_center
from ntaa_tf.image_size import Size


@dataclasses.dataclass(frozen=True)
class ServedDecoder:
    """A decoder of image files to the input of a served model.

    Its input is a string tensor of encoded JPEG, PNG, GIF, WebP or BMP files,
    shape `(batch,)`. Its output is float32 RGB images from 0 to 255, shape
    `(batch, *size, 3)`. They equal the evaluation images that `decode_splits`
    makes from the same files, except that palettes of BMP files are not looked
    up.

    Attributes:
        size: height and width in pixels of the model's input.
        resize: height and width in pixels before the central `size` is
            cropped.
        crops: whether to crop images to the proportions of `resize` before
            they are resized; if False, they are stretched.

    Example:
    >>> png = tf.io.encode_png(tf.zeros((8, 6, 3), tf.uint8))
    >>> ServedDecoder((4, 4), (5, 5))(tf.stack([png, png])).shape
    TensorShape([2, 4, 4, 3])
    """

    size: Size
    resize: Size
    crops: bool = True

    def __call__(self, encoded: tf.Tensor) -> tf.Tensor:
        """Decode a batch of files of any image sizes."""
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
    """Crop around the centre to a proportion, as `decode.crop` does."""
    whole = tf.shape(image)[:2]
    # float64, as Python computes in `decode.crop`: float32 rounds otherwise.
    sides = tf.cast(whole, tf.float64)
    scale = tf.reduce_min(sides / tf.constant(shape, tf.float64))
    kept = tf.round(scale * tf.constant(shape, tf.float64))
    kept = tf.maximum(tf.cast(kept, tf.int32), 1)
    top, left = tf.unstack((whole - kept) // 2)
    return tf.image.crop_to_bounding_box(image, top, left, kept[0], kept[1])
