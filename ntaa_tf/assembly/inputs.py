"""The source model and the data of a run, checked before any training."""

import dataclasses
from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf import zoo
from ntaa_tf.assembly.budget import check_budget
from ntaa_tf.assembly.cells import make_plain_cells
from ntaa_tf.assembly.data import identify_data
from ntaa_tf.assembly.data import open_data
from ntaa_tf.assembly.feasibility import check_accumulation
from ntaa_tf.assembly.feasibility import check_memory
from ntaa_tf.assembly.features import load_features
from ntaa_tf.assembly.job import make_supernet
from ntaa_tf.assembly.streams import count_search_steps
from ntaa_tf.assembly.supernet_directory import check_kept
from ntaa_tf.assembly.task import make_task
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.squeeze_excitation import find_residual_branches
from ntaa_tf.image_size import Size
from ntaa_tf.image_size import as_size
from ntaa_tf.image_size import parse_size
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.methods import GIVEN
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.recipe.methods import RANDOM
from ntaa_tf.search.insert import choose_sites
from ntaa_tf.search.sampling import draw_uniformly
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.training.freezing import freeze_before


def find_inputs(recipe: Recipe) -> tuple[zoo.SourceInfo, Any, Size]:
    """Find the source model and the data set, and the image size for both."""
    info = zoo.find_source(recipe.model, recipe.weights, recipe.preprocessing)
    raw = open_data(recipe)
    if recipe.transfer_dataset is not None:
        check_pretraining(recipe)
    if recipe.supernet_dataset is not None:
        _check_others(recipe)
    size = zoo.choose_image_size(info, as_size(raw.image_size))
    if recipe.image_size is not None:
        size = parse_size(recipe.image_size)
    return info, raw, size


def check_pretraining(recipe: Recipe) -> None:
    """Raise a ValueError if the data set of pretraining can't be used."""
    try:
        raw = data.open_dataset(str(recipe.transfer_dataset), recipe.data_dir)
        train = data.split_dataset(raw, recipe.validation_share, recipe.seed)
        data.steps_per_epoch(train["train"], recipe.batch_size)
    except ValueError as error:
        raise ValueError(f"In --transfer_dataset: {error}") from error


def _check_others(recipe: Recipe) -> None:
    """Raise a ValueError if the images of the supernet can't be opened."""
    try:
        make_task(recipe).open(str(recipe.supernet_dataset), recipe.data_dir)
    except ValueError as error:
        raise ValueError(f"In --supernet_dataset: {error}") from error


def build_source(
    recipe: Recipe,
    info: zoo.SourceInfo,
    image_size: Size,
    dataset: Any,
    trained: bool = True,
) -> keras.Model:
    """Load the source model and put the new task's head on it.

    Args:
        recipe: the choices.
        info: what is loaded.
        image_size: height and width in pixels.
        dataset: decoded or as it is found: what the head tells apart.
        trained: whether the source has its weights.
    """
    if recipe.searches_cells:
        return make_plain_cells(recipe, image_size, dataset.num_classes)
    features = load_features(recipe, info, image_size, trained)
    task = make_task(recipe, dataset)
    return task.attach_head(features, dataset.num_classes, recipe.seed)


def keep_source(
    recipe: Recipe,
    info: zoo.SourceInfo,
    image_size: Size,
    dataset: Any,
    workdir: RunDirectory,
) -> keras.Model:
    """Build the source once; from then on it is the work directory's own.

    What can be refused of the search is refused here, before any training,
    and so is a data set that is not the one that this run began with.
    """
    fingerprint = identify_data(dataset)

    def build(directory: Path) -> dict[str, Any]:
        check_accumulation(recipe, count_search_steps(recipe, dataset))
        source = build_source(recipe, info, image_size, dataset)
        if recipe.squeeze_excitation:
            find_residual_branches(source)
        if recipe.method == "partial":
            freeze_before(rewrite(source), recipe.trainable_from)
        if recipe.plan.search == NOTHING:
            check_memory(recipe, source)
        else:
            check_search(recipe, source, directory)
        save_model(source, directory / "source.keras")
        return {
            "image_size": image_size,
            "data": fingerprint,
            **dataclasses.asdict(info),
        }

    kept = workdir.run_once("source", build)
    data.check_fingerprint(dataset.name, kept["data"], fingerprint)
    return load_model(workdir.path / "source" / "source.keras")


def check_search(recipe: Recipe, source: keras.Model, directory: Path) -> None:
    """Raise a ValueError if no architecture can be found as a recipe asks.

    Args:
        recipe: the choices.
        source: the source model.
        directory: where latencies are kept, if they are limited.
    """
    if recipe.plan.self_supervises:
        check_kept(recipe, source)
    if recipe.plan.search != GIVEN and not recipe.searches_cells:
        choose_sites(
            source, recipe.candidates, recipe.sites, recipe.skip_inputs
        )
    supernet = make_supernet(recipe, source)
    check_memory(recipe, supernet if recipe.plan.trains_supernet else source)
    budget = check_budget(recipe, source, supernet, directory)
    if recipe.plan.search == RANDOM:
        draw_uniformly(supernet, budget, recipe.seed)
