"""What every task gives to the stages of a run."""

from collections.abc import Sequence
from typing import Any
from typing import Protocol

import keras
import numpy as np

from ntaa_tf.image_size import Size


class Task(Protocol):
    """What differs between tasks."""

    @property
    def score(self) -> str:
        """What models are judged by: a share of 1, larger is better."""

    @property
    def images_per_class(self) -> int | None:
        """Images of a class in a batch that has any; None where shuffled."""

    @property
    def crops(self) -> bool:
        """Whether images are cropped to the model's shape, or stretched."""

    @property
    def answers_untrained(self) -> bool:
        """Whether a model with a new head is worth measuring."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the model that is handed back gives, as it is served."""

    @property
    def conditions(self) -> dict[str, Any]:
        """What of its measures is to be told beside them, by its name."""

    def open(self, name: str, data_dir: str | None) -> Any:
        """Open a data set by its name; decode nothing."""

    def join_domains(
        self,
        sources: Sequence[Any],
        target: Any,
        *,
        validation_share: float,
        seed: int,
        images_per_class: int | None,
        judges: bool,
    ) -> Any:
        """Join what is learnt from with what is measured on.

        Args:
            sources: whose training images are learnt from.
            target: whose test images are measured on.
            validation_share: share of the sources' training that is held out.
            seed: of all choices.
            images_per_class: training images of each class of the target that
                judge; all when None.
            judges: whether those of the target judge architectures.

        Raises:
            ValueError: if the domains do not fit together.
        """

    def prepare(self, raw: Any, image_size: Size, **choices: Any) -> Any:
        """Split a data set and decode it once."""

    def attach_head(
        self, features: keras.Model, num_classes: int, seed: int
    ) -> keras.Model:
        """Put a new head on a feature map."""

    def make_targets(self, labels: Any) -> Any:
        """Give what the losses take for one-hot labels (batch, classes)."""

    def compile_options(self) -> dict[str, Any]:
        """Give what `compile` needs of the task: its losses and metrics."""

    @property
    def architecture_loss(self) -> keras.losses.Loss | None:
        """Of the first output, where another domain's labels are not known.

        None where the labels of both domains are the same.
        """

    def validation_batches(
        self, split: Any, num_classes: int, batch_size: int
    ) -> Any:
        """Give what the loss is validated on, None where it can't be."""

    def list_images(self, split: Any) -> np.ndarray:
        """Give the images of a split that something is said of."""

    def predict(self, model: keras.Model, split: Any, batch_size: int) -> Any:
        """Give what a model says of a split, for all that is measured of it."""

    def measure(
        self, model: keras.Model, split: Any, batch_size: int
    ) -> dict[str, float]:
        """Measure a model on a split, its score first."""

    def measure_fully(self, predictions: Any, split: Any) -> dict[str, float]:
        """Measure all that is reported at the end, the score first."""

    def find_answers(
        self, predictions: Any, split: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Give what a contact sheet shows, None where there is none to draw.

        Returns:
            Images of some queries, the images found for each, best first, and
            whether they are right.
        """

    def confuse(self, predictions: Any, dataset: Any) -> dict[str, Any]:
        """Count what was taken for what on the test split.

        Returns:
            What `count_confusions` gives, by the name of what was told apart;
            nothing where no classes are.
        """

    def finish(self, model: keras.Model) -> keras.Model:
        """Give what is handed back of a trained model."""
