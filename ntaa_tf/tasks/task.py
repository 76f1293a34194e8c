"""The interface of a task: its head, losses and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Protocol

import keras
import numpy as np

from ntaa_tf.metrics import Mistake

MOST_MISTAKES = 24  # On the report page.


@dataclass(frozen=True)
class Illustration:
    """Test results that a person looks at.

    Args:
        confusions: confusion matrices, as of `count_confusions`, by the name
            of the label.
        answers: images of queries (queries, height, width, 3); their first
            gallery images (queries, answers, height, width, 3); and whether
            each shows the query's identity (queries, answers).
        mistakes: the most confident mistakes, the most confident first; their
            indices are those of `Task.list_images`.
    """

    confusions: dict[str, Any] = field(default_factory=dict)
    answers: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    mistakes: Sequence[Mistake] = ()


@dataclass(frozen=True)
class ExampleScores:
    """The score of each example of a split; their mean is the task's score.

    Args:
        values: scores (examples,).
        groups: a number for each example, equal for examples that are alike,
            such as the queries of one identity; None if no two are.
    """

    values: np.ndarray
    groups: np.ndarray | None = None


class Task(Protocol):
    """A learning task on images: its head, losses and metrics.

    A split is a part of the task's data set. Predictions are the outputs of
    `predict`, whose form is the task's own.
    """

    @property
    def score(self) -> str:
        """Name of the metric that models are chosen by, from 0 to 1."""

    @property
    def images_per_class(self) -> int | None:
        """Images of each class in a batch; None for any mixture."""

    @property
    def crops(self) -> bool:
        """Whether images are cropped to the model's proportions.

        Otherwise they are stretched.
        """

    @property
    def validates_loss(self) -> bool:
        """Whether the losses are defined on the validation split."""

    @property
    def measures_untrained(self) -> bool:
        """Whether to measure the source with its new, untrained head."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs of the adapted model, as they are served."""

    @property
    def conditions(self) -> dict[str, Any]:
        """Evaluation settings to report beside the metrics."""

    @property
    def architecture_loss(self) -> keras.losses.Loss | None:
        """Loss of the first output on a domain with labels of its own.

        None where both domains have the same labels.
        """

    def attach_head(
        self, features: keras.Model, num_classes: int, seed: int
    ) -> keras.Model:
        """Put a new head on a model of feature maps.

        Args:
            features: model from images to maps (batch, height, width,
                channels).
            num_classes: number of labels of the data set.
            seed: random seed of the new weights.
        """

    def make_targets(self, labels: Any) -> Any:
        """Return the targets of the losses for labels (batch, classes)."""

    def compile_options(self) -> dict[str, Any]:
        """Return the losses and metrics for `keras.Model.compile`."""

    def weigh_classes(self, dataset: Any) -> tuple[np.ndarray, ...]:
        """Return weights that balance the classes of the training split.

        Returns:
            For each output, the weights of its classes; nothing for a task
            whose batches are balanced already.
        """

    def measure_divergence(
        self, teacher: Any, student: Any, temperature: float
    ) -> Any:
        """Measure how far a student's predictions are from its teacher's.

        Args:
            teacher: outputs of a finished model, see `finish`.
            student: outputs of a model in training.
            temperature: softmax temperature, where logits are compared.

        Returns:
            The divergence of each image (batch,).
        """

    def list_images(self, split: Any) -> np.ndarray:
        """Return the images of a split that exports are compared on.

        Returns:
            uint8 images (images, height, width, 3).
        """

    def predict(self, model: keras.Model, split: Any, batch_size: int) -> Any:
        """Compute the outputs of a model for a split."""

    def measure(
        self, model: keras.Model, split: Any, batch_size: int
    ) -> dict[str, float]:
        """Measure a model on a split, by the metrics of every validation.

        Returns:
            Metrics by name; the score comes first.
        """

    def measure_fully(self, predictions: Any, split: Any) -> dict[str, float]:
        """Compute all reported metrics, also those too slow for validation.

        Returns:
            Metrics by name; the score comes first.
        """

    def score_examples(self, predictions: Any, split: Any) -> ExampleScores:
        """Return the score of each example, for a paired comparison."""

    def illustrate(self, predictions: Any, dataset: Any) -> Illustration:
        """Return the illustration of the predictions for the test split."""

    def list_classes(self, dataset: Any) -> dict[str, tuple[str, ...] | None]:
        """Return the classes of each served output; None of an embedding."""

    def finish(self, model: keras.Model) -> keras.Model:
        """Return the part of a trained model that is the adapted model."""
