"""What the stages of one method on one data set share."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from ntaa_tf import data
from ntaa_tf.files import write_atomically
from ntaa_tf.recipe import Recipe
from ntaa_tf.training import fit_execution
from ntaa_tf.training import make_optimizer


class Job:
    """The inputs of all stages, as each needs them.

    Args:
        recipe: the choices; its method decides which stages are run.
        source: the source model with the new task's classifier.
        dataset: decoded and split.
        path: the work directory; each stage is given a directory in it.

    Attributes:
        steps: optimizer steps in an epoch.
        searched: epochs of the search; finetuning has the others.
    """

    def __init__(
        self,
        recipe: Recipe,
        source: keras.Model,
        dataset: data.ImageDataset,
        path: Path,
    ):
        self.recipe = recipe
        self.source = source
        self.dataset = dataset
        self.path = path
        self.steps = data.steps_per_epoch(dataset.train, recipe.batch_size)
        self.searched = recipe.search_epochs if recipe.method == "ntaa" else 0

    def load_adapted(self) -> keras.Model:
        """Load the adapted model."""
        return keras.models.load_model(self.path / "adapted.keras")

    def make_optimizer(
        self, model: keras.Model, epochs: int, first_epoch: int = 0
    ) -> keras.optimizers.Optimizer:
        """Make the optimizer of a stage; one cosine may span them all."""
        if self.recipe.schedule == "one":
            epochs = self.recipe.total_epochs
        else:
            first_epoch = 0
        return make_optimizer(
            model,
            self.recipe.learning_rate,
            self.recipe.weight_decay,
            total_steps=epochs * self.steps,
            first_step=first_epoch * self.steps,
            accumulation_steps=self.recipe.accumulation_steps,
            scales_loss=self.recipe.mixed_precision == "float16",
        )

    def execution_options(self) -> dict[str, Any]:
        """Give what `compile` needs of how steps are executed."""
        most = self.recipe.steps_per_execution
        return {
            "remat": self.recipe.remat,
            "steps_per_execution": fit_execution(self.steps, most),
        }

    def training_batches(self, first_epoch: int, end: int) -> tf.data.Dataset:
        """Give the batches of some epochs, as of every run of this seed."""
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


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file, atomically and without optimizer state."""
    with write_atomically(path) as unfinished:
        model.save(unfinished, include_optimizer=False)
