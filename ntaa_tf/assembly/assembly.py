"""All that the stages of a run share, built once and checked together."""

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf.assembly.batches import Batches
from ntaa_tf.assembly.run_directory import open_run_directory
from ntaa_tf.assembly.search_space import SearchSpace
from ntaa_tf.assembly.search_space import build_search_space
from ntaa_tf.assembly.streams import Stream
from ntaa_tf.assembly.streams import find_judging
from ntaa_tf.assembly.streams import list_streams
from ntaa_tf.assembly.teacher import TEACHER_FILE
from ntaa_tf.assembly.teacher import build_teacher
from ntaa_tf.data.datasets import Dataset
from ntaa_tf.distribute import agree
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import make_baseline
from ntaa_tf.recipe.methods import BILEVEL
from ntaa_tf.recipe.values import BALANCED
from ntaa_tf.storage.model_files import ADAPTED_FILE
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.storage.run_metrics import BASELINE
from ntaa_tf.tasks.task import Task
from ntaa_tf.training.distillation import Teacher
from ntaa_tf.training.optimizers import make_optimizer
from ntaa_tf.training.resumable_fit import choose_steps_per_execution

# The network of the method, where another may be handed over.
SEARCHED_FILE = "searched.keras"
HAND_OVER = "hand_over"  # The stage that chooses it.
TEACHER = "teacher"  # Its run directory, below that of the run.


@dataclasses.dataclass(frozen=True)
class Assembly:
    """The source, the data and the choices of a run, as its stages use them.

    Args:
        recipe: recipe of the run; its method decides which stages are run.
        run_directory: directory with the results of the stages.
        source: source model with the task's head.
        source_path: directory of the source stage.
        dataset: data set, decoded and split.
        task: task of the recipe.
        streams: training examples of the weights, and those of the logits if
            they are others.
        search_spaces: at most one search space, which the checks before any
            training have built. The first search takes it out of the list.
        teacher: the assembly that trains the teacher: the baseline's, or one
            of another image size; None without distillation, or with a
            teacher from a file.
        callbacks: further callbacks of every training.
        left_out: the reason why no operation is searched, in words; None if
            the method does not search, or does.
    """

    recipe: Recipe
    run_directory: RunDirectory
    source: keras.Model
    source_path: Path
    dataset: Dataset
    task: Task
    streams: tuple[Stream, ...]
    search_spaces: list[SearchSpace] = dataclasses.field(default_factory=list)
    teacher: "Assembly | None" = None
    callbacks: Sequence[keras.callbacks.Callback] = ()
    left_out: str | None = None

    def with_recipe(self, recipe: Recipe, path: Path) -> "Assembly":
        """Return an assembly of another recipe with the same source and data.

        Both share the list of search spaces: one of them takes the first.

        Args:
            recipe: recipe of the other run.
            path: path of its run directory.
        """
        return dataclasses.replace(
            self,
            recipe=recipe,
            run_directory=open_run_directory(recipe, path),
            streams=list_streams(recipe, self.dataset),
            teacher=self.teacher if recipe.distillation.distill else None,
        )

    def with_data(self, dataset: Dataset) -> "Assembly":
        """Return an assembly of this recipe with another data set.

        It has no teacher, which knows the classes of this one.

        Args:
            dataset: data set, decoded and split.
        """
        streams = list_streams(self.recipe, dataset)
        return dataclasses.replace(
            self, dataset=dataset, streams=streams, teacher=None
        )

    def with_callbacks(
        self, callbacks: Sequence[keras.callbacks.Callback]
    ) -> "Assembly":
        """Return this assembly with further callbacks of every training."""
        teacher = self.teacher and self.teacher.with_callbacks(callbacks)
        return dataclasses.replace(self, callbacks=callbacks, teacher=teacher)

    @functools.cached_property
    def baseline(self) -> "Assembly":
        """The assembly of the baseline, in a directory of this run."""
        return self.with_recipe(
            make_baseline(self.recipe), self.path / BASELINE
        )

    @property
    def path(self) -> Path:
        """Path of the run directory."""
        return self.run_directory.path

    @property
    def image_size(self) -> Size:
        """Height and width in pixels of the model's input."""
        height, width = self.source.inputs[0].shape[1:3]
        return height, width

    @functools.cached_property
    def batches(self) -> Batches:
        """The batches of the data set."""
        return Batches(
            self.recipe, self.dataset, self.task, self.image_size, self._views
        )

    @property
    def _views(self) -> data.Examples | None:
        """The training images of a teacher with an image size of its own."""
        teacher = self.teacher
        if teacher is None or teacher.image_size == self.image_size:
            return None
        return teacher.dataset.train

    @functools.cached_property
    def steps(self) -> int:
        """Number of batches in an epoch of all training examples."""
        return self._count_steps(Stream(self.dataset.train))

    @functools.cached_property
    def search_steps(self) -> int:
        """Number of batches in an epoch of the search.

        Where a bilevel search divides the training images, its epochs are
        shorter. Images held out to judge changes make them no shorter: the
        other images are shuffled again.
        """
        divides = self.recipe.adaptation.plan.search == BILEVEL
        return self._count_steps(self.streams[0]) if divides else self.steps

    @functools.cached_property
    def judging(self) -> Stream | None:
        """The examples that judge the changes of the search, if they do."""
        return find_judging(self.recipe, self.dataset)

    def take_search_space(self) -> SearchSpace:
        """Return the supernet and the budget of one search.

        The first search gets those that the checks before any training have
        built. A search of a resumed run, or of a further learning-rate trial,
        gets new ones, because training changes a supernet.
        """
        if self.search_spaces:
            return self.search_spaces.pop()
        return build_search_space(
            self.recipe, self.source, self.task, self.source_path
        )

    @property
    def decides_on_target(self) -> bool:
        """Whether the target's labelled images choose what is handed over.

        They can where both domains have the same labels. Validation images
        come from the source domain, and tell less about the target.
        """
        has_target = self.dataset.target is not None
        return has_target and self.task.architecture_loss is None

    @property
    def deciding(self) -> Any:
        """The split by which the network that is handed over is chosen."""
        target = self.dataset.target
        if target is None or not self.decides_on_target:
            return self.dataset.validation
        images = data.crop_center(target.images, self.image_size)
        return dataclasses.replace(target, images=images)

    @property
    def trained_file(self) -> str:
        """The file that the last training writes: the method's network."""
        return SEARCHED_FILE if self.recipe.has_baseline else ADAPTED_FILE

    def load_trained(self) -> keras.Model:
        """Load the method's network, which `tune` or `finetune` wrote."""
        has_trials = self.recipe.adaptation.learning_rate_trials > 1
        stage = "tune" if has_trials else "finetune"
        return load_model(self.path / self.trained_file, self.path / stage)

    def load_adapted(self) -> keras.Model:
        """Load the network that is handed over."""
        if not self.recipe.has_baseline:
            return self.load_trained()
        return load_model(self.path / ADAPTED_FILE, self.path / HAND_OVER)

    def load_teacher(self) -> Teacher | None:
        """Load the teacher of the run; None where the recipe has none."""
        if not self.recipe.distillation.distill:
            return None
        if self.teacher is None:
            path = self.source_path / TEACHER_FILE
        else:
            path = self.teacher.path / ADAPTED_FILE
        return build_teacher(self.recipe, self.task, path)

    def make_optimizer(
        self,
        model: keras.Model,
        total_steps: int,
        first_step: int = 0,
        careful: Sequence[keras.Variable] = (),
    ) -> keras.optimizers.Optimizer:
        """Build the optimizer of the weights, with a cosine schedule.

        Args:
            model: model to train.
            total_steps: number of batches after which the learning rate is 0.
            first_step: batch of the cosine at which training begins.
            careful: weights whose gradients are scaled down, see
                `CarefulSGD`.
        """
        compute = self.recipe.compute
        return make_optimizer(
            model,
            self.recipe.training.learning_rate,
            self.recipe.training.weight_decay,
            # With --finetune_epochs=0 there are no batches.
            total_steps=max(total_steps, 1),
            first_step=first_step,
            accumulation_steps=compute.accumulation_steps,
            scales_loss=compute.mixed_precision == "float16",
            careful=careful,
        )

    def compile_options(self) -> dict[str, Any]:
        """Return the losses and metrics for `compile`, and class weights."""
        options = self.task.compile_options()
        if self.recipe.training.class_weights == BALANCED:
            options["class_weights"] = self.task.weigh_classes(self.dataset)
        return options

    def execution_options(self, steps: int) -> dict[str, Any]:
        """Return the execution options for `compile`.

        Args:
            steps: number of batches in an epoch.
        """
        compute = self.recipe.compute
        return {
            "remat": compute.remat,
            "steps_per_execution": choose_steps_per_execution(
                steps, compute.steps_per_execution
            ),
        }

    def validate(self, model: keras.Model) -> float:
        """Measure the validation score of a model, the same on all workers."""
        measured = self.task.measure(
            model, self.dataset.validation, self.recipe.training.batch_size
        )
        score: float = agree(measured[self.task.score])
        return score

    def _count_steps(self, stream: Stream) -> int:
        batch_size = self.recipe.training.batch_size
        return stream.count_steps(batch_size, self.task.images_per_class)
