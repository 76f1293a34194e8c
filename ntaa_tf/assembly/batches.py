"""The batches of a run: for training, validation and calibration."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from ntaa_tf import data
from ntaa_tf.assembly.streams import Stream
from ntaa_tf.data.datasets import Dataset
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.tasks.task import Task
from ntaa_tf.training.distillation import TARGETS
from ntaa_tf.training.distillation import VIEWS


class Batches:
    """Batches of a data set; runs with the same seed get the same batches.

    Args:
        recipe: recipe of the run.
        dataset: data set, decoded and split.
        task: task of the recipe.
        image_size: height and width in pixels of the model's input.
        views: the training images at the size of a teacher, in the order of
            the training split; None where the teacher reads the model's
            images.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        task: Task,
        image_size: Size,
        views: data.Examples | None = None,
    ):
        self._recipe = recipe
        self._dataset = dataset
        self._task = task
        self._image_size = image_size
        self._views = views

    def training(
        self,
        first_epoch: int,
        end_epoch: int,
        stream: Stream | None = None,
        steps: int | None = None,
    ) -> tf.data.Dataset:
        """Return augmented training batches of consecutive epochs.

        Args:
            first_epoch: first epoch of the batches.
            end_epoch: epoch after the last one.
            stream: examples to draw from; all training examples when None.
            steps: batches of an epoch; all full batches when None.

        Returns:
            Batches of float32 images (batch, height, width, 3), 0 to 255, and
            the task's targets.
        """
        stream = stream or Stream(self._dataset.train)
        batches = self._stream(
            (first_epoch, end_epoch, steps), stream, self._image_size
        )
        return batches.map(
            lambda images, labels: (images, self._task.make_targets(labels))
        )

    def teaching(
        self,
        first_epoch: int,
        end_epoch: int,
        stream: Stream | None = None,
        steps: int | None = None,
    ) -> tf.data.Dataset:
        """Return the batches of `training`, with the views of a teacher.

        An augmented image is resized for the model, so that both see the same.
        Images of another domain, and those of a teacher of the model's own
        size, have no views.

        Args:
            first_epoch: first epoch of the batches.
            end_epoch: epoch after the last one.
            stream: examples to draw from; all training examples when None.
            steps: batches of an epoch; all full batches when None.

        Returns:
            Batches of images as of `training`, and of the task's targets with
            the views (batch, height, width, 3), see `Student`.
        """
        stream = stream or Stream(self._dataset.train)
        if self._views is None or stream.examples is not self._dataset.train:
            return self.training(first_epoch, end_epoch, stream, steps)
        viewed = dataclasses.replace(stream, examples=self._views)
        height, width = self._views.images.shape[1:3]
        batches = self._stream(
            (first_epoch, end_epoch, steps), viewed, (height, width)
        )

        def resize(views: tf.Tensor, labels: tf.Tensor) -> tuple[Any, Any]:
            images = tf.image.resize(views, self._image_size, antialias=True)
            targets = self._task.make_targets(labels)
            return images, {TARGETS: targets, VIEWS: views}

        return batches.map(
            resize, num_parallel_calls=tf.data.AUTOTUNE
        ).prefetch(tf.data.AUTOTUNE)

    def _stream(
        self, epochs: tuple[int, int, int | None], stream: Stream, size: Size
    ) -> tf.data.Dataset:
        """Stream augmented images and one-hot labels.

        Args:
            epochs: first epoch, epoch after the last, and batches of an epoch.
            stream: examples to draw from.
            size: height and width in pixels of the images.
        """
        first, end, steps = epochs
        flip = self._recipe.data.flip
        images_per_class = self._task.images_per_class
        return data.training_batches(
            stream.examples,
            self.count_labels(stream),
            stream.fit_batch_size(
                self._recipe.training.batch_size, images_per_class
            ),
            augment=self._recipe.data.augment,
            flip=self._dataset.can_mirror if flip is None else flip,
            seed=self._recipe.output.seed,
            first_epoch=first,
            epochs=end - first,
            chosen=stream.chosen,
            images_per_class=images_per_class,
            steps=steps,
            crop=size,
        )

    def count_labels(self, stream: Stream) -> int:
        """Return the length of the one-hot labels of a stream.

        A target domain may have more identities than the training split.
        """
        return max(self._dataset.num_classes, 1 + stream.examples.labels.max())

    def validation(self) -> tf.data.Dataset | None:
        """Return the validation batches of images and one-hot labels.

        None for a task whose loss is not defined on the validation split.
        """
        if not self._task.validates_loss:
            return None
        return data.evaluation_batches(
            self._dataset.validation,
            self._dataset.num_classes,
            self._recipe.training.batch_size,
        )

    def sample_images(self, count: int) -> np.ndarray:
        """Return some training images, without augmentation.

        Args:
            count: number of images, taken evenly from the training split.

        Returns:
            uint8 images (images, height, width, 3).
        """
        images = data.take_evenly(self._dataset.train.images, count)
        return data.crop_center(images, self._image_size)

    def calibration(
        self, num_batches: int, stream: Stream | None = None
    ) -> tf.data.Dataset:
        """Return augmented training batches for calibration.

        They belong to the epoch after the last one, so their order and
        augmentation occur in no training.

        Args:
            num_batches: number of batches.
            stream: examples to draw from; all training examples when None.
        """
        unseen = self._recipe.training.total_epochs
        return self.training(unseen, unseen + 1, stream).take(num_batches)

    def calibration_images(
        self, num_batches: int, stream: Stream | None = None
    ) -> tf.data.Dataset:
        """Return the images of `calibration` without the targets."""
        batches = self.calibration(num_batches, stream)
        return batches.map(lambda images, _: images)
