"""The stages of one method on one data set, each from files to files."""

import dataclasses
import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf import data
from ntaa_tf.architecture import Architecture
from ntaa_tf.budgeting import describe_budget
from ntaa_tf.budgeting import make_budget
from ntaa_tf.export import compare_export
from ntaa_tf.export import export_saved_model
from ntaa_tf.files import write_atomically
from ntaa_tf.files import write_json
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.latency import measure_latencies
from ntaa_tf.graph.precision import set_precision
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.budget import measure_probabilities
from ntaa_tf.search.budget_end import EndWithinBudget
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.derive import derive
from ntaa_tf.search.joint import Supernet
from ntaa_tf.search.monitor import SearchMonitor
from ntaa_tf.search.random_paths import keep_best_path
from ntaa_tf.search.recalibrate import Recalibration
from ntaa_tf.search.remat import Rematerialized
from ntaa_tf.search.supernet import apply_architecture
from ntaa_tf.search.supernet import insert_mixed_ops
from ntaa_tf.tasks.classification import compile_options
from ntaa_tf.training import count_accumulated
from ntaa_tf.training import fit_execution
from ntaa_tf.training import fit_resumably
from ntaa_tf.training import make_optimizer

ARCHITECTURE_FILE = "architecture.json"
PROBABILITIES_FILE = "probabilities.json"
RECALIBRATION_BATCHES = 50
MONITOR_BATCHES = 10
DRAWN_PATHS = 20
COMPARED_IMAGES = 8
LARGEST_DIFFERENCE = 1e-4

logger = logging.getLogger(__name__)


class Job:
    """What search, finetuning, evaluation and export of one method share.

    Args:
        recipe: the choices; its method decides which stages are run.
        source: the source model with the new task's classifier.
        dataset: decoded and split.
        path: the work directory; each stage is given a directory in it.
    """

    def __init__(
        self,
        recipe: Recipe,
        source: keras.Model,
        dataset: data.ImageDataset,
        path: Path,
    ):
        self._recipe = recipe
        self._source = source
        self._dataset = dataset
        self._path = path
        self._steps = data.steps_per_epoch(dataset.train, recipe.batch_size)
        self._searched = recipe.search_epochs if recipe.method == "ntaa" else 0

    def search(self, directory: Path) -> dict[str, Any]:
        """Search, derive, collapse, recalibrate: `collapsed.keras`."""
        keras.utils.set_random_seed(self._recipe.seed)
        supernet = self._compile_search()
        monitor = SearchMonitor(
            self._evaluation_batches(self._dataset.validation),
            self._calibration_images(MONITOR_BATCHES),
        )
        monitor.set_model(supernet)
        callbacks: list[keras.callbacks.Callback] = [monitor]
        budget = make_budget(
            self._recipe, self._source, supernet, self._path / "source"
        )
        if budget is not None and self._recipe.end == "exact":
            callbacks.append(EndWithinBudget(budget))
        history = fit_resumably(
            supernet,
            lambda first: self._training_batches(first, self._searched),
            epochs=self._searched,
            steps_per_epoch=self._steps,
            directory=directory,
            callbacks=callbacks,
        )
        gap = {
            "supernet": history["val_accuracy"][-1],
            "argmax": history["val_argmax_accuracy"][-1],
        }
        if self._recipe.relaxation == SINGLE_PATH:
            paths = keep_best_path(supernet, monitor.evaluate, DRAWN_PATHS)
            gap["argmax"] = max(paths)
        if self._recipe.relaxation != EXPECTATION:
            supernet.settle()
        architecture, costs = self._derive(supernet, budget, directory)
        if costs:
            gap["budget"] = monitor.evaluate()
        set_precision(supernet)
        difference = self._collapse(supernet, architecture, directory)
        return {
            "history": history,
            "gap": gap,
            "collapse_difference": difference,
            **costs,
        }

    def finetune(self, directory: Path) -> dict[str, Any]:
        """Train the plain model for the epochs that are left."""
        model = self._load_start()
        epochs = self._recipe.total_epochs - self._searched
        keras.utils.set_random_seed(self._recipe.seed)
        set_precision(model, self._recipe.mixed_precision)
        trained = Rematerialized(*single_or_list(model))  # The same layers.
        optimizer = self._make_optimizer(
            model, epochs, first_epoch=self._searched
        )
        trained.compile(
            optimizer=optimizer,
            **self._execution_options(),
            **compile_options(),
        )
        optimizer.build(model.trainable_variables)
        history = fit_resumably(
            trained,
            lambda first: self._training_batches(
                self._searched + first, self._recipe.total_epochs
            ),
            epochs=epochs,
            steps_per_epoch=self._steps,
            directory=directory,
            validation_batches=self._evaluation_batches(
                self._dataset.validation
            ),
            callbacks=[],
        )
        set_precision(model)
        save_model(model, self._path / "adapted.keras")
        return {"history": history}

    def evaluate(self, directory: Path) -> dict[str, Any]:
        """Measure the adapted model on the test split, once, and its cost."""
        adapted = self.load_adapted()
        adapted.compile(**compile_options())
        accuracies = {
            f"{name}_accuracy": adapted.evaluate(
                self._evaluation_batches(split), verbose=0, return_dict=True
            )["accuracy"]
            for name, split in (
                ("test", self._dataset.test),
                ("validation", self._dataset.validation),
            )
        }
        test_error = 100 * (1 - accuracies["test_accuracy"])
        source, costs = measure_models([self._source, adapted])
        return {
            "source": source,
            "adapted": {**costs, **accuracies, "test_error": test_error},
        }

    def export(self, directory: Path) -> dict[str, Any]:
        """Write the SavedModel, reopen what is written, and compare."""
        adapted = self.load_adapted()
        saved_model = directory / "saved_model"
        export_saved_model(adapted, saved_model)
        difference = compare_export(
            adapted,
            self._path / "adapted.keras",
            saved_model,
            self._dataset.validation.images[:COMPARED_IMAGES],
        )
        if not difference <= LARGEST_DIFFERENCE:
            logger.warning(
                "The exported models differ from the live one by %g.",
                difference,
            )
        return {"difference": difference}

    def load_adapted(self) -> keras.Model:
        """Load the adapted model."""
        return keras.models.load_model(self._path / "adapted.keras")

    def _compile_search(self) -> Supernet:
        """Make the supernet, ready to be searched."""
        recipe = self._recipe
        supernet = make_supernet(recipe, self._source)
        set_precision(supernet, recipe.mixed_precision)
        supernet.compile(
            optimizer=self._make_optimizer(supernet, recipe.search_epochs),
            architecture_optimizer=keras.optimizers.SGD(
                recipe.architecture_learning_rate,
                momentum=0.9,
                gradient_accumulation_steps=count_accumulated(
                    recipe.accumulation_steps
                ),
            ),
            relaxation=recipe.relaxation,
            seed=recipe.seed,
            lambda_theta=recipe.lambda_theta,
            cost_weight=recipe.cost_weight,
            start=recipe.start,
            end=recipe.end,
            **self._execution_options(),
            **compile_options(),
        )
        return supernet

    def _derive(
        self, supernet: Supernet, budget: Budget | None, directory: Path
    ) -> tuple[Architecture, dict[str, Any]]:
        """Derive the architecture; give it, and what a budget says of it."""
        architecture = derive(supernet, budget)
        with write_atomically(directory / ARCHITECTURE_FILE) as unfinished:
            unfinished.write_text(architecture.to_json(), "utf-8")
        if budget is None:
            return architecture, {}
        write_json(
            directory / PROBABILITIES_FILE, measure_probabilities(supernet)
        )
        # The search may have ended elsewhere, or in a mixture.
        apply_architecture(supernet, architecture)
        return architecture, {"budget": describe_budget(budget, architecture)}

    def _collapse(
        self, supernet: Supernet, architecture: Architecture, directory: Path
    ) -> float:
        """Keep the collapsed model; give how far it was from the supernet."""
        collapsed = collapse(supernet, architecture)
        difference = self._compare(supernet, collapsed)
        Recalibration(collapsed)(
            self._calibration_images(RECALIBRATION_BATCHES)
        )
        save_model(collapsed, directory / "collapsed.keras")
        return difference

    def _load_start(self) -> keras.Model:
        if not self._searched:
            return rewrite(self._source)
        return keras.models.load_model(
            self._path / "search" / "collapsed.keras"
        )

    def _make_optimizer(
        self, model: keras.Model, epochs: int, first_epoch: int = 0
    ) -> keras.optimizers.Optimizer:
        """Make the optimizer of a stage; one cosine may span them all."""
        if self._recipe.schedule == "one":
            epochs = self._recipe.total_epochs
        else:
            first_epoch = 0
        return make_optimizer(
            model,
            self._recipe.learning_rate,
            self._recipe.weight_decay,
            total_steps=epochs * self._steps,
            first_step=first_epoch * self._steps,
            accumulation_steps=self._recipe.accumulation_steps,
            scales_loss=self._recipe.mixed_precision == "float16",
        )

    def _execution_options(self) -> dict[str, Any]:
        """Give what `compile` needs of how steps are executed."""
        most = self._recipe.steps_per_execution
        return {
            "remat": self._recipe.remat,
            "steps_per_execution": fit_execution(self._steps, most),
        }

    def _training_batches(self, first_epoch: int, end: int) -> tf.data.Dataset:
        flip = self._recipe.flip
        return data.training_batches(
            self._dataset.train,
            self._dataset.num_classes,
            self._recipe.batch_size,
            augment=self._recipe.augment,
            flip=self._dataset.mirrors if flip is None else flip,
            seed=self._recipe.seed,
            first_epoch=first_epoch,
            epochs=end - first_epoch,
        )

    def _evaluation_batches(self, examples: data.Examples) -> tf.data.Dataset:
        return data.evaluation_batches(
            examples, self._dataset.num_classes, self._recipe.batch_size
        )

    def _calibration_images(self, num_batches: int) -> tf.data.Dataset:
        batches = self._training_batches(
            self._recipe.total_epochs, self._recipe.total_epochs + 1
        )
        return batches.take(num_batches).map(lambda images, _: images)

    def _compare(self, supernet: Supernet, collapsed: keras.Model) -> float:
        """Give the largest difference of logits on held-out images."""
        images = self._dataset.validation.images[:COMPARED_IMAGES]
        logits = [
            np.asarray(model(images.astype("float32")))
            for model in (supernet, collapsed)
        ]
        return float(np.max(np.abs(logits[0] - logits[1])))


def make_supernet(recipe: Recipe, source: keras.Model) -> Supernet:
    """Insert the mixed ops that a recipe asks for."""
    return insert_mixed_ops(
        source,
        candidates=recipe.candidates,
        sites=recipe.sites,
        skip_inputs=recipe.skip_inputs,
        inherit=recipe.candidate_weights == "inherit",
        seed=recipe.seed,
    )


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file, atomically and without optimizer state."""
    with write_atomically(path) as unfinished:
        model.save(unfinished, include_optimizer=False)


def measure_models(models: list[keras.Model]) -> list[dict[str, Any]]:
    """Give the cost of each model, and its latency at batch 1 and 32."""
    latencies = {str(size): measure_latencies(models, size) for size in (1, 32)}
    return [
        {
            **dataclasses.asdict(measure_cost(model)),
            "latency_ms": {size: of[index] for size, of in latencies.items()},
        }
        for index, model in enumerate(models)
    ]
