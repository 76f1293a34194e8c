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
from ntaa_tf.graph.last_stride import remove_last_stride
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.squeeze_excitation import find_residual_branches
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.tasks.task import Task
from ntaa_tf.training.freezing import freeze_before
from ntaa_tf.training.precision import set_precision

STAGE = "source"
SOURCE_FILE = "source.keras"


def keep_source(
    recipe: Recipe,
    inputs: Inputs,
    dataset: Any,
    task: Task,
    run_directory: RunDirectory,
) -> tuple[keras.Model, list[SearchSpace]]:
    """Build and check the source model once; later runs read its file.

    All that can be refused of the search is refused here, before any
    training. So is a data set other than the one that this run began with.

    Args:
        recipe: recipe of the run.
        inputs: source model and data set, as found.
        dataset: data set, decoded and split.
        task: task of the recipe.
        run_directory: gets the source model.

    Returns:
        The source model with the task's head; and the search space that was
        built to check it, none where it was checked before.
    """
    fingerprint = identify_data(dataset)
    checked: list[SearchSpace] = []

    def build(directory: Path) -> dict[str, Any]:
        source = build_source(recipe, inputs, dataset, task)
        checked.extend(check_source(recipe, source, task, directory))
        save_model(source, directory / SOURCE_FILE)
        return {
            "image_size": inputs.image_size,
            "data": fingerprint,
            **dataclasses.asdict(inputs.info),
        }

    kept = run_directory.run_once(STAGE, build)
    data.check_fingerprint(dataset.name, kept["data"], fingerprint)
    return load_model(run_directory.path / STAGE / SOURCE_FILE), checked


def build_source(
    recipe: Recipe,
    inputs: Inputs,
    dataset: Any,
    task: Task,
    trained: bool = True,
) -> keras.Model:
    """Load the source model and put the task's head on it.

    Args:
        recipe: recipe of the run.
        inputs: source model and image size.
        dataset: data set, decoded or opened, with its number of classes.
        task: task of the recipe.
        trained: whether the source gets its pretrained weights.
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
    """Load the source model up to its last feature map.

    Args:
        recipe: recipe of the run.
        info: where the source model is.
        image_size: height and width in pixels.
        trained: whether it gets its pretrained weights.
    """
    keras.utils.set_random_seed(recipe.output.seed)
    features = zoo.load_source(info, image_size, trained)
    set_precision(features)  # The layers of a file may bring another one.
    if recipe.source.last_stride == 1:
        features = remove_last_stride(features)
    return features


def check_source(
    recipe: Recipe, source: keras.Model, task: Task, directory: Path
) -> list[SearchSpace]:
    """Raise a ValueError if the source can't be adapted as a recipe asks.

    Args:
        recipe: recipe of the run.
        source: source model with the task's head.
        task: task of the recipe.
        directory: directory that gets measured latencies.

    Returns:
        The search space, none for a method that changes no architecture.
    """
    if recipe.source.squeeze_excitation:
        find_residual_branches(source)
    if recipe.adaptation.method == "partial":
        freeze_before(rewrite(source), recipe.adaptation.trainable_from)
    if recipe.adaptation.plan.search == NOTHING:
        check_memory(recipe, source)
        return []
    return [check_search_space(recipe, source, task, directory)]
