"""The learning side of a task: head, losses and measures."""

from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Protocol

import keras
import numpy as np


@dataclass(frozen=True)
class Illustration:
    """Test results that a person looks at.

    Args:
        confusions: confusion matrices, as of `count_confusions`, by the name
            of the label.
        answers: queries (n, height, width, 3), their first answers
            (n, answers, height, width, 3), and whether each is right.
    """

    confusions: dict[str, Any] = field(default_factory=dict)
    answers: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None


class Task(Protocol):
    """A learning task on images: its head, losses and measures."""

    @property
    def score(self) -> str:
        """Name of the measure that models are chosen by, from 0 to 1."""

    @property
    def images_per_class(self) -> int | None:
        """Images of each class in a batch; None for shuffled batches."""

    @property
    def crops(self) -> bool:
        """Whether images are cropped to the model's shape, or stretched."""

    @property
    def validates_loss(self) -> bool:
        """Whether the losses are defined on the validation split."""

    @property
    def answers_untrained(self) -> bool:
        """Whether a model with a new head is worth measuring."""

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
        """Put a new head on a model of feature maps."""

    def make_targets(self, labels: Any) -> Any:
        """Return the targets of the losses for one-hot labels."""

    def compile_options(self) -> dict[str, Any]:
        """Return the losses and metrics for `keras.Model.compile`."""

    def list_images(self, split: Any) -> np.ndarray:
        """Return the images of a split whose outputs are measured."""

    def predict(self, model: keras.Model, split: Any, batch_size: int) -> Any:
        """Compute the outputs of a model for a split."""

    def measure(
        self, model: keras.Model, split: Any, batch_size: int
    ) -> dict[str, float]:
        """Measure a model on a split; the score comes first."""

    def measure_fully(self, predictions: Any, split: Any) -> dict[str, float]:
        """Compute every reported measure; the score comes first."""

    def illustrate(self, predictions: Any, dataset: Any) -> Illustration:
        """Return what a person looks at in the results of the test split."""

    def finish(self, model: keras.Model) -> keras.Model:
        """Return the part of a trained model that is handed over."""
