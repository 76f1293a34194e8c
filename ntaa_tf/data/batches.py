"""Streams of batches from decoded examples, as `tf.data` pipelines."""

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
    """Stream shuffled, augmented batches of consecutive epochs.

    Order and augmentation of a batch depend on the seed, the epoch and the
    step alone. So a stream that begins with epoch k equals, bit for bit, the
    stream from epoch 0 without its first k epochs.

    Args:
        examples: the training examples.
        num_classes: length of the one-hot labels.
        batch_size: examples in a batch; the remainder of an epoch is left out.
        augment: one of `AUGMENTATIONS`.
        flip: whether to mirror images; only if mirrored images keep their
            class.
        seed: seed of order and augmentation; not negative.
        first_epoch: first epoch of the stream.
        epochs: number of epochs in the stream.
        chosen: indices of the examples to use; None uses all.
        images_per_class: number of images of each class in a batch; None
            shuffles all examples regardless of class.
        steps: batches in an epoch; None means all full batches. If `steps` is
            larger, the examples are shuffled again within the epoch.
        crop: height and width in pixels of random crops; None keeps the images
            whole.

    Returns:
        Batches of float32 images `(batch, height, width, 3)`, 0 to 255, and
        one-hot float32 labels `(batch, classes)`.

    Raises:
        ValueError: if there are too few examples for one batch, or the
            augmentation is unknown.

    Example:
    >>> train = prepare_images(open_dataset("digits"), image_size=32).train
    >>> batches = training_batches(train, 10, batch_size=64, flip=False)
    >>> images, labels = next(iter(batches))
    >>> images.shape, labels.shape
    (TensorShape([64, 32, 32, 3]), TensorShape([64, 10]))
    """
    order = make_order(
        examples.labels, batch_size, images_per_class, seed, chosen
    )
    length = order.steps if steps is None else steps
    # Steps between two shuffles. If `steps` exceeds the order's, an epoch of
    # the stream has several shuffles, counted from the first epoch on, so that
    # a stream still resumes exactly.
    until_shuffled = min(length, order.steps)
    augmentation = Augmentation(augment, flip)

    def choose(step: int) -> np.ndarray:
        return order.choose(*divmod(step, until_shuffled))

    fetch = _make_fetch(examples, num_classes, order.batch_size, choose)

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
    """Stream shuffled batches of two augmented views of each image.

    Views are for contrastive learning and have no labels. An image is read
    once for both. Streams resume bit for bit, as in `training_batches`.

    Args:
        examples: the training examples.
        batch_size: images in a batch; the remainder of an epoch is left out.
        flip: whether to mirror images at random.
        seed: seed of order and augmentation; not negative.
        first_epoch: first epoch of the stream.
        epochs: number of epochs in the stream.

    Returns:
        Pairs of float32 batches `(batch, height, width, 3)`, 0 to 255.

    Raises:
        ValueError: if there are too few examples for one batch.

    Example:
    >>> train = prepare_images(open_dataset("digits"), image_size=32).train
    >>> batches = contrasting_batches(train, batch_size=64, flip=False)
    >>> [view.shape for view in next(iter(batches))]
    [TensorShape([64, 32, 32, 3]), TensorShape([64, 32, 32, 3])]
    """
    order = make_order(examples.labels, batch_size, None, seed)
    augmentation = Augmentation("contrast", flip)

    def choose(step: int) -> np.ndarray:
        return order.choose(*divmod(step, order.steps))

    fetch = _make_fetch(examples, 1, order.batch_size, choose)

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
    """Stream and prefetch the batches of epochs with so many steps each."""
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
    """Stream all examples once, in order.

    Args:
        examples: the examples to evaluate on.
        num_classes: length of the one-hot labels.
        batch_size: examples in a batch; the last batch may have fewer.

    Returns:
        Batches of float32 images `(batch, height, width, 3)`, 0 to 255, and
        one-hot float32 labels `(batch, classes)`.
    """

    def choose(step: int) -> slice:
        return slice(step * batch_size, (step + 1) * batch_size)

    return (
        tf.data.Dataset.range(math.ceil(len(examples) / batch_size))
        .map(_make_fetch(examples, num_classes, None, choose))
        .prefetch(tf.data.AUTOTUNE)
    )


def _make_fetch(
    examples: Examples,
    num_classes: int,
    batch_size: int | None,
    choose: Callable[[int], np.ndarray | slice],
) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Build the graph function that reads images and labels of a step."""

    def read(step: np.int64) -> tuple[np.ndarray, np.ndarray]:
        chosen = choose(int(step))
        return examples.images[chosen], examples.labels[chosen]

    def fetch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # NumPy indexing reads one batch of a mapped file; the usual
        # `from_tensor_slices` would copy all images into the graph.
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
    """Stream all images once, in order, without labels.

    Args:
        images: uint8, shape `(examples, height, width, 3)`.
        batch_size: images in a batch; the last batch may have fewer.

    Returns:
        Batches of float32 images `(batch, height, width, 3)`, 0 to 255.
    """
    examples = Examples(images, np.zeros(len(images), np.int64))
    batches = evaluation_batches(examples, 1, batch_size)
    return batches.map(lambda images, _: images)
