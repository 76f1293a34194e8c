"""Batches of decoded examples as `tf.data` streams."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from ntaa_tf.data.augment import Augmentation
from ntaa_tf.data.crops import crop_randomly
from ntaa_tf.data.examples import Examples
from ntaa_tf.data.order import make_order
from ntaa_tf.image_size import Size


def training_batches(
    examples: Examples,
    num_classes: int,
    batch_size: int,
    augment: str = "standard",
    flip: bool = True,
    seed: int = 0,
    first_epoch: int = 0,
    epochs: int = 1,
    chosen: np.ndarray | None = None,
    images_per_class: int | None = None,
    steps: int | None = None,
    crop: Size | None = None,
) -> tf.data.Dataset:
    """Streams shuffled, augmented batches, one epoch after the other.

    Order and augmentation of a batch follow from the seed, the epoch and the
    step alone: the stream that begins with epoch k equals, bit for bit, what
    the stream from epoch 0 gives from there on.

    Args:
        examples: what is trained on.
        num_classes: length of the one-hot labels.
        batch_size: examples of one batch; the remainder of an epoch is left
            out.
        augment: one of `AUGMENTATIONS`.
        flip: whether mirrored images keep their class.
        seed: decides order and augmentation; not negative.
        first_epoch: the epoch that the stream begins with.
        epochs: number of epochs in the stream.
        chosen: indices of the examples that the stream is made of; all of
            them when None.
        images_per_class: how many examples of a class are in a batch that has
            any; None shuffles all.
        steps: batches of an epoch; None takes as many as there are. Where
            there are fewer, the examples are shuffled anew within it.
        crop: height and width in pixels that larger images are cropped to,
            each at random.

    Returns:
        Batches of float32 images `(batch, height, width, 3)`, 0 to 255, and
        one-hot float32 labels `(batch, classes)`.

    Raises:
        ValueError: if there is no full batch, or no such augmentation.

    Example:
    >>> train = prepare(open_dataset("digits"), image_size=32).train
    >>> batches = training_batches(train, 10, batch_size=64, flip=False)
    >>> images, labels = next(iter(batches))
    >>> images.shape, labels.shape
    (TensorShape([64, 32, 32, 3]), TensorShape([64, 10]))
    """
    order = make_order(
        examples.labels, batch_size, images_per_class, seed, chosen
    )
    length = order.steps if steps is None else steps
    until_shuffled = min(length, order.steps)
    augmentation = Augmentation(augment, flip)

    def choose(step: int) -> np.ndarray:
        return order.choose(*divmod(step, until_shuffled))

    fetch = _fetcher(examples, num_classes, order.batch_size, choose)

    def load(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        key = tf.stack([tf.constant(seed, tf.int64), step])
        images, labels = fetch(step)
        if crop is not None and crop != tuple(images.shape[1:3]):
            images = crop_randomly(images, crop, key)
        return augmentation(images, labels, key)

    return _stream(load, length, first_epoch, epochs)


def contrasting_batches(
    examples: Examples,
    batch_size: int,
    flip: bool = True,
    seed: int = 0,
    first_epoch: int = 0,
    epochs: int = 1,
) -> tf.data.Dataset:
    """Streams shuffled batches of two views of each image, without labels.

    An image is read once for both views. What follows from what is as in
    `training_batches`.

    Args:
        examples: what is trained on.
        batch_size: images of one batch; the remainder of an epoch is left out.
        flip: whether images are mirrored at random.
        seed: decides order and views; not negative.
        first_epoch: the epoch that the stream begins with.
        epochs: number of epochs in the stream.

    Returns:
        Pairs of float32 images `(batch, height, width, 3)`, 0 to 255.

    Raises:
        ValueError: if there is no full batch.

    Example:
    >>> train = prepare(open_dataset("digits"), image_size=32).train
    >>> batches = contrasting_batches(train, batch_size=64, flip=False)
    >>> [view.shape for view in next(iter(batches))]
    [TensorShape([64, 32, 32, 3]), TensorShape([64, 32, 32, 3])]
    """
    order = make_order(examples.labels, batch_size, None, seed)
    augmentation = Augmentation("contrast", flip)

    def choose(step: int) -> np.ndarray:
        return order.choose(*divmod(step, order.steps))

    fetch = _fetcher(examples, 1, order.batch_size, choose)

    def load(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels = fetch(step)
        first, second = (
            augmentation(
                images, labels, tf.stack([tf.constant(seed, tf.int64), key])
            )[0]
            for key in (2 * step, 2 * step + 1)
        )
        return first, second

    return _stream(load, order.steps, first_epoch, epochs)


def _stream(
    load: Callable[[tf.Tensor], Any], steps: int, first_epoch: int, epochs: int
) -> tf.data.Dataset:
    """Loads the batches of some epochs, of so many steps each, ahead."""
    return (
        tf.data.Dataset.range(
            first_epoch * steps, (first_epoch + epochs) * steps
        )
        .map(load, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )


def evaluation_batches(
    examples: Examples, num_classes: int, batch_size: int
) -> tf.data.Dataset:
    """Streams all examples once, in order.

    Args:
        examples: what is evaluated on.
        num_classes: length of the one-hot labels.
        batch_size: examples of one batch; the last may have fewer.

    Returns:
        Batches of float32 images `(batch, height, width, 3)`, 0 to 255, and
        one-hot float32 labels `(batch, classes)`.
    """

    def choose(step: int) -> slice:
        return slice(step * batch_size, (step + 1) * batch_size)

    return (
        tf.data.Dataset.range(math.ceil(len(examples) / batch_size))
        .map(_fetcher(examples, num_classes, None, choose))
        .prefetch(tf.data.AUTOTUNE)
    )


def _fetcher(
    examples: Examples,
    num_classes: int,
    batch_size: int | None,
    choose: Callable[[int], np.ndarray | slice],
) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Returns the graph function from a step to its images and labels."""

    def read(step: np.int64) -> tuple[np.ndarray, np.ndarray]:
        chosen = choose(int(step))
        return examples.images[chosen], examples.labels[chosen]

    def fetch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # Indexing whole batches in NumPy leaves mapped files on disk, where
        # `from_tensor_slices` would copy them into the graph.
        images, labels = tf.numpy_function(
            read, [step], [tf.uint8, tf.int64], stateful=False
        )
        images = tf.ensure_shape(
            images, (batch_size, *examples.images.shape[1:])
        )
        labels = tf.ensure_shape(labels, (batch_size,))
        return tf.cast(images, tf.float32), tf.one_hot(labels, num_classes)

    return fetch


def image_batches(images: np.ndarray, batch_size: int) -> tf.data.Dataset:
    """Streams all images once, in order, without labels.

    Args:
        images: uint8, shape `(examples, height, width, 3)`.
        batch_size: images of one batch; the last may have fewer.

    Returns:
        Batches of float32 images `(batch, height, width, 3)`, 0 to 255.
    """
    examples = Examples(images, np.zeros(len(images), np.int64))
    batches = evaluation_batches(examples, 1, batch_size)
    return batches.map(lambda images, _: images)
