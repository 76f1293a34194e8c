"""What the stages of one method on one data set share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf import data
from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.cells import make_cells
from ntaa_tf.assembly.streams import Stream
from ntaa_tf.assembly.streams import count_steps
from ntaa_tf.assembly.task import make_task
from ntaa_tf.distribute import agree
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.apply import apply_architecture
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.training.optimizers import make_optimizer
from ntaa_tf.training.resumable_fit import fit_execution

ADAPTED_FILE = "adapted.keras"
BASELINE = "baseline"  # The directory of plain finetuning, to compare.


class Job:
    """The inputs of all stages, as each needs them.

    Args:
        recipe: the choices; its method decides which stages are run.
        source: the source model with the new task's classifier.
        dataset: decoded and split.
        path: the work directory; each stage is given a directory in it.
        source_path: what else is kept of the source; by default in `path`.

    Attributes:
        task: what differs between tasks.
        steps: batches in an epoch.
    """

    def __init__(
        self,
        recipe: Recipe,
        source: keras.Model,
        dataset: Any,
        path: Path,
        source_path: Path | None = None,
    ):
        self.recipe = recipe
        self.source = source
        self.dataset = dataset
        self.path = path
        self.source_path = source_path or path / "source"
        self.task = make_task(recipe, dataset)
        self.steps = count_steps(recipe, dataset)

    def beside(self, recipe: Recipe, path: Path) -> "Job":
        """Give a job of another recipe with the same source and data."""
        return Job(recipe, self.source, self.dataset, path, self.source_path)

    @property
    def image_size(self) -> Size:
        """Height and width in pixels of what the model takes."""
        height, width = self.source.inputs[0].shape[1:3]
        return height, width

    def load_adapted(self) -> keras.Model:
        """Load the adapted model."""
        stage = "tune" if self.recipe.tune > 1 else "finetune"
        return load_model(self.path / ADAPTED_FILE, self.path / stage)

    def make_optimizer(
        self,
        model: keras.Model,
        total_steps: int,
        first_step: int = 0,
        careful: Sequence[keras.Variable] = (),
    ) -> keras.optimizers.Optimizer:
        """Make the optimizer of a stage, on a cosine of so many batches."""
        return make_optimizer(
            model,
            self.recipe.learning_rate,
            self.recipe.weight_decay,
            total_steps=max(total_steps, 1),  # Of no epochs there are none.
            first_step=first_step,
            accumulation_steps=self.recipe.accumulation_steps,
            scales_loss=self.recipe.mixed_precision == "float16",
            careful=careful,
        )

    def execution_options(self, steps: int) -> dict[str, Any]:
        """Give what `compile` needs of how so many batches are executed."""
        most = self.recipe.steps_per_execution
        return {
            "remat": self.recipe.remat,
            "steps_per_execution": fit_execution(steps, most),
        }

    def training_batches(
        self,
        first_epoch: int,
        end: int,
        stream: Stream | None = None,
        steps: int | None = None,
    ) -> tf.data.Dataset:
        """Give the batches of some epochs, as of every run of this seed.

        Args:
            first_epoch: the first one.
            end: the one before which they end.
            stream: the examples; all training examples when None.
            steps: batches of an epoch; as many as there are when None.
        """
        stream = stream or Stream(self.dataset.train)
        flip = self.recipe.flip
        images_per_class = self.task.images_per_class
        batches = data.training_batches(
            stream.examples,
            self.count_labels(stream),
            stream.fit(self.recipe.batch_size, images_per_class),
            augment=self.recipe.augment,
            flip=self.dataset.mirrors if flip is None else flip,
            seed=self.recipe.seed,
            first_epoch=first_epoch,
            epochs=end - first_epoch,
            chosen=stream.chosen,
            images_per_class=images_per_class,
            steps=steps,
            crop=self.image_size,
        )
        return batches.map(
            lambda images, labels: (images, self.task.make_targets(labels))
        )

    def count_labels(self, stream: Stream) -> int:
        """Count the labels that batches of a stream are encoded with."""
        return max(self.dataset.num_classes, 1 + stream.examples.labels.max())

    def validation_batches(self) -> tf.data.Dataset | None:
        """Give what the loss is validated on, None where it can't be."""
        return self.task.validation_batches(
            self.dataset.validation,
            self.dataset.num_classes,
            self.recipe.batch_size,
        )

    def validate(self, model: keras.Model) -> float:
        """Measure what choices are made by, the same on all workers."""
        measured = self.task.measure(
            model, self.dataset.validation, self.recipe.batch_size
        )
        score: float = agree(measured[self.task.score])
        return score

    def sample_images(self, count: int) -> np.ndarray:
        """Give some training images, uint8, as they are validated."""
        images = data.spread(self.dataset.train.images, count)
        return data.crop_center(images, self.image_size)

    def calibration_images(self, num_batches: int) -> tf.data.Dataset:
        """Give training images of an epoch after the last."""
        batches = self.calibration_batches(num_batches)
        return batches.map(lambda images, _: images)

    def calibration_batches(
        self, num_batches: int, stream: Stream | None = None
    ) -> tf.data.Dataset:
        """Give them with what the losses take, of a stream if one is given."""
        total = self.recipe.total_epochs
        batches = self.training_batches(total, total + 1, stream)
        return batches.take(num_batches)


def make_supernet(recipe: Recipe, source: keras.Model) -> Supernet:
    """Insert the mixed ops that a recipe asks for, or make its cells."""
    given = None
    if recipe.architecture is not None:
        given = read_architecture(Path(recipe.architecture))
    if recipe.searches_cells:
        height, width = source.inputs[0].shape[1:3]
        num_classes = source.outputs[-1].shape[-1]
        cells = make_cells(recipe, (height, width), num_classes)
        if given is not None:
            apply_architecture(cells, given)
        return cells
    lead = recipe.source_lead
    if lead is None and recipe.plan.self_supervises and recipe.start == "paper":
        lead = 0.0  # All logits are equal there.
    return insert_mixed_ops(
        source,
        candidates=recipe.candidates,
        sites=recipe.sites,
        skip_inputs=recipe.skip_inputs,
        inherit=recipe.candidate_weights == "inherit",
        seed=recipe.seed,
        architecture=given,
        has_gains=recipe.calibrate,
        start=recipe.start,
        source_lead=lead,
    )


def read_architecture(path: Path) -> Architecture:
    """Read an architecture.

    Raises:
        ValueError: if the file is not there or holds something else.
    """
    try:
        return Architecture.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(
            "Invalid value for `architecture`. Expected the architecture.json "
            f"of a run. Received: {path} ({error.strerror})."
        ) from error
