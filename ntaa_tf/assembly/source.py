"""The source model of a run, loaded once and kept in the run directory."""

import dataclasses
from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf import zoo
from ntaa_tf.assembly.cells import build_plain_cells
from ntaa_tf.assembly.checks import check_memory
from ntaa_tf.assembly.data import identify_data
from ntaa_tf.assembly.inputs import Inputs
from ntaa_tf.assembly.search_space import SearchSpace
from ntaa_tf.assembly.search_space import check_search_space
from ntaa_tf.assembly.teacher import TEACHER_FILE
from ntaa_tf.assembly.teacher import load_given_teacher
from ntaa_tf.data.datasets import Dataset
from ntaa_tf.data.datasets import OpenedDataset
from ntaa_tf.distribute import agree
from ntaa_tf.graph.last_stride import remove_last_stride
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.squeeze_excitation import find_residual_branches
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import replace
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.recipe.values import AUTO
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.tasks.task import Task
from ntaa_tf.training.fastest_precision import choose_precision
from ntaa_tf.training.freezing import freeze_before
from ntaa_tf.training.precision import set_precision

SOURCE_STAGE = "source"
SOURCE_FILE = "source.keras"


def prepare_source(
    recipe: Recipe,
    inputs: Inputs,
    dataset: Dataset,
    task: Task,
    run_directory: RunDirectory,
) -> tuple[Recipe, keras.Model, list[SearchSpace]]:
    """Build and check the source model; a resumed run loads it instead.

    Everything that could stop the search is checked here, before any training:
    sites, memory, limits and a given teacher. A resumed run must have the data
    set that it began with.

    Args:
        recipe: recipe of the run.
        inputs: source model and data set, as found.
        dataset: data set, decoded and split.
        task: task of the recipe.
        run_directory: run directory, which gets the source model.

    Returns:
        The recipe, with the precision that was chosen at the beginning of the
        run; the source model with the task's head; and the search space that
        the checks have built, in a list that is empty for a resumed run.

    Raises:
        ValueError: if the source can't be adapted as the recipe asks, or the
            data set has changed.
    """
    fingerprint = identify_data(dataset)
    search_spaces: list[SearchSpace] = []

    def build(directory: Path) -> dict[str, Any]:
        source = build_source(recipe, inputs, dataset, task)
        chosen = _choose_precision(recipe, source)
        # A copy: a run must end with the teacher that it began with.
        teacher = load_given_teacher(recipe, task, source)
        if teacher is not None:
            save_model(teacher, directory / TEACHER_FILE)
        search_spaces.extend(check_source(chosen, source, task, directory))
        save_model(source, directory / SOURCE_FILE)
        return {
            "image_size": inputs.image_size,
            "data": fingerprint,
            "mixed_precision": chosen.compute.mixed_precision,
            **dataclasses.asdict(inputs.info),
        }

    kept = run_directory.run_stage(SOURCE_STAGE, build)
    data.check_fingerprint(dataset.name, kept["data"], fingerprint)
    source = load_model(run_directory.path / SOURCE_STAGE / SOURCE_FILE)
    if recipe.compute.mixed_precision == AUTO:
        recipe = replace(recipe, mixed_precision=kept["mixed_precision"])
    return recipe, source, search_spaces


def _choose_precision(recipe: Recipe, source: keras.Model) -> Recipe:
    """Return a recipe whose precision is no longer left to a measurement."""
    if recipe.compute.mixed_precision != AUTO:
        return recipe
    precision = choose_precision(source, recipe.training.batch_size)
    # Workers of a cluster must train alike.
    return replace(recipe, mixed_precision=agree(precision))


def build_source(
    recipe: Recipe,
    inputs: Inputs,
    dataset: Dataset | OpenedDataset,
    task: Task,
    trained: bool = True,
) -> keras.Model:
    """Load the source model and put the task's head on it.

    Args:
        recipe: recipe of the run.
        inputs: source model and image size.
        dataset: data set, decoded or opened; only its number of classes is
            read.
        task: task of the recipe.
        trained: whether to load the pretrained weights.
    """
    size, classes = inputs.image_size, dataset.num_classes
    if recipe.source.has_cells:
        return build_plain_cells(recipe, size, classes, task)
    features = load_features(recipe, inputs.info, size, trained)
    return task.attach_head(features, classes, recipe.output.seed)


def load_features(
    recipe: Recipe,
    info: zoo.SourceInfo,
    image_size: Size,
    trained: bool = True,
) -> keras.Model:
    """Load the source model without its head.

    Args:
        recipe: recipe of the run.
        info: description of the source model, with its location.
        image_size: height and width in pixels.
        trained: whether to load the pretrained weights.

    Returns:
        A model from images to the last feature map (batch, height, width,
        channels).
    """
    keras.utils.set_random_seed(recipe.output.seed)
    features = zoo.load_source(info, image_size, trained)
    set_precision(features)  # A file may bring layers in mixed precision.
    if recipe.source.last_stride == 1:
        features = remove_last_stride(features)
    return features


def check_source(
    recipe: Recipe, source: keras.Model, task: Task, directory: Path
) -> list[SearchSpace]:
    """Check that the source can be adapted as a recipe asks.

    Args:
        recipe: recipe of the run.
        source: source model with the task's head.
        task: task of the recipe.
        directory: directory that gets measured latencies.

    Returns:
        The search space, in a list that is empty for a method that changes no
        architecture.

    Raises:
        ValueError: if it can't.
    """
    # Called for their errors alone; the stage `finetune` calls them again.
    if recipe.source.squeeze_excitation:
        find_residual_branches(source)
    if recipe.adaptation.method == "partial":
        freeze_before(rewrite(source), recipe.adaptation.trainable_from)
    if recipe.adaptation.plan.search == NOTHING:
        check_memory(recipe, source)
        return []
    return [check_search_space(recipe, source, task, directory)]
