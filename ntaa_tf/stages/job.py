"""What the stages of one method on one data set share."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf import data
from ntaa_tf.architecture import Architecture
from ntaa_tf.files import write_atomically
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.joint import Supernet
from ntaa_tf.search.supernet import insert_mixed_ops
from ntaa_tf.training import fit_execution
from ntaa_tf.training import make_optimizer

SMOKE_EXAMPLES = 32
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
        steps: batches in an epoch.
    """

    def __init__(
        self,
        recipe: Recipe,
        source: keras.Model,
        dataset: data.ImageDataset,
        path: Path,
        source_path: Path | None = None,
    ):
        self.recipe = recipe
        self.source = source
        self.dataset = dataset
        self.path = path
        self.source_path = source_path or path / "source"
        self.steps = data.steps_per_epoch(dataset.train, recipe.batch_size)

    def beside(self, recipe: Recipe, path: Path) -> "Job":
        """Give a job of another recipe with the same source and data."""
        return Job(recipe, self.source, self.dataset, path, self.source_path)

    def load_adapted(self) -> keras.Model:
        """Load the adapted model."""
        return keras.models.load_model(self.path / ADAPTED_FILE)

    def make_optimizer(
        self, model: keras.Model, total_steps: int, first_step: int = 0
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
        chosen: np.ndarray | None = None,
    ) -> tf.data.Dataset:
        """Give the batches of some epochs, as of every run of this seed.

        Args:
            first_epoch: the first one.
            end: the one before which they end.
            chosen: indices of the examples; all when None.
        """
        flip = self.recipe.flip
        return data.training_batches(
            self.dataset.train,
            self.dataset.num_classes,
            self.recipe.batch_size,
            augment=self.recipe.augment,
            flip=self.dataset.mirrors if flip is None else flip,
            seed=self.recipe.seed,
            first_epoch=first_epoch,
            epochs=end - first_epoch,
            chosen=chosen,
        )

    def evaluation_batches(self, examples: data.Examples) -> tf.data.Dataset:
        """Give all images of a split, once and unchanged."""
        return data.evaluation_batches(
            examples, self.dataset.num_classes, self.recipe.batch_size
        )

    def calibration_images(self, num_batches: int) -> tf.data.Dataset:
        """Give training images of an epoch that no training sees."""
        total = self.recipe.total_epochs
        batches = self.training_batches(total, total + 1)
        return batches.take(num_batches).map(lambda images, _: images)


def prepare_data(
    recipe: Recipe,
    raw: data.RawDataset,
    image_size: int,
    path: Path,
    train_examples: int | None,
) -> data.ImageDataset:
    """Split and decode a data set; few images in a smoke run.

    Args:
        recipe: the choices.
        raw: the data set.
        image_size: in pixels.
        path: where pixels go that are too many for memory.
        train_examples: how many of the training images are taken.
    """
    few = max(SMOKE_EXAMPLES, 2 * len(raw.class_names))
    return data.prepare(
        raw,
        image_size,
        recipe.validation_share,
        recipe.seed,
        train_examples=few if recipe.smoke else train_examples,
        evaluation_examples=few if recipe.smoke else None,
        cache_dir=path / "data",
    )


def make_supernet(recipe: Recipe, source: keras.Model) -> Supernet:
    """Insert the mixed ops that a recipe asks for."""
    given = None
    if recipe.architecture is not None:
        given = read_architecture(Path(recipe.architecture))
    return insert_mixed_ops(
        source,
        candidates=recipe.candidates,
        sites=recipe.sites,
        skip_inputs=recipe.skip_inputs,
        inherit=recipe.candidate_weights == "inherit",
        seed=recipe.seed,
        architecture=given,
        has_gains=recipe.calibrate,
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


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file, atomically and without optimizer state."""
    with write_atomically(path) as unfinished:
        model.save(unfinished, include_optimizer=False)
