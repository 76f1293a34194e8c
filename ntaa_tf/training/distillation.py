"""Distillation: a trained teacher's predictions are part of the loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute import share_loss
from ntaa_tf.training.class_weights import ClassWeighted

# Keys of targets that come with the teacher's images.
TARGETS, VIEWS = "targets", "views"


@dataclass(frozen=True)
class Teacher:
    """A trained model, and how far a student's predictions are from its own.

    Args:
        model: model from images to predictions; it is not trained.
        weight: share of the teacher in the loss, 0 to 1.
        measure_divergence: function of the teacher's and the student's
            predictions that returns a number for each image (batch,).
    """

    model: keras.Model
    weight: float
    measure_divergence: Callable[[Any, Any], Any]

    def compute_loss(self, images: Any, predictions: Any) -> Any:
        """Compute the mean divergence of a batch.

        Args:
            images: images (batch, height, width, channels); they are resized
                to the teacher's input.
            predictions: predictions of the student.
        """
        size = self.model.inputs[0].shape[1:3]
        if None not in size and tuple(images.shape[1:3]) != tuple(size):
            images = ops.image.resize(images, size, antialias=True)
        taught = self.model(images, training=False)
        return ops.mean(self.measure_divergence(taught, predictions))


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Student(ClassWeighted):
    """Functional model that can learn from a teacher beside its labels.

    Compiled with a teacher of weight w, the loss of training is
    (1 − w) · L + w · D, with the loss L of the labels and the mean divergence
    D from the teacher. Class weights belong to L alone. Penalties that layers
    add keep their weight. The loss of evaluation has no teacher.

    A teacher reads the images of the student, or its own views of them where
    the targets are a dictionary of `targets` and `views`.

    Source: Hinton et al., "Distilling the Knowledge in a Neural Network".

    Example:
    >>> inputs = keras.Input((2,))
    >>> model = Student(inputs, keras.layers.Dense(3)(inputs))
    >>> teacher = keras.Model(inputs, keras.layers.Dense(3)(inputs))
    >>> distance = lambda taught, own: keras.ops.mean((taught - own) ** 2, -1)
    >>> model.compile(loss="mse", teacher=Teacher(teacher, 0.5, distance))
    >>> len(model.trainable_variables)
    2
    """

    _teacher: Teacher | None = None

    def compile(
        self,
        optimizer: Any = "sgd",
        *,
        teacher: Teacher | None = None,
        **kwargs: Any,
    ) -> None:
        """Configure the training.

        Args:
            optimizer: optimizer of the weights.
            teacher: teacher of the weights; None learns from labels alone. It
                is not saved with the model.
            **kwargs: arguments of `ClassWeighted.compile`.
        """
        super().compile(optimizer=optimizer, **kwargs)
        self._teacher = teacher

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Compute the loss of a batch, in training with the teacher's part."""
        views = _find_views(x, y)
        y = _find_targets(y)
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if self._teacher is None or not training:
            return loss
        weight = self._teacher.weight
        # Keras has added the penalties of the layers, which keep their weight.
        penalties = share_loss(sum(self.losses)) if self.losses else 0.0
        taught = share_loss(self._teacher.compute_loss(views, y_pred))
        return (1 - weight) * (loss - penalties) + weight * taught + penalties

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Update the metrics by the targets, and return them."""
        targets = _find_targets(y)
        metrics: dict[str, Any] = super().compute_metrics(
            x, targets, y_pred, sample_weight
        )
        return metrics


def _find_targets(y: Any) -> Any:
    return y[TARGETS] if isinstance(y, dict) and VIEWS in y else y


def _find_views(x: Any, y: Any) -> Any:
    return y[VIEWS] if isinstance(y, dict) and VIEWS in y else x
