"""The source model and the data of a run, checked before any training."""

import dataclasses
from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf import zoo
from ntaa_tf.feasibility import check_accumulation
from ntaa_tf.feasibility import check_memory
from ntaa_tf.graph.precision import set_precision
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.supernet import choose_sites
from ntaa_tf.stages.budgeting import check_budget
from ntaa_tf.stages.job import save_model
from ntaa_tf.stages.searching import make_supernet
from ntaa_tf.tasks.classification import attach_classifier
from ntaa_tf.workdir import WorkDirectory

SMOKE_EXAMPLES = 32


def find_inputs(
    recipe: Recipe,
) -> tuple[zoo.SourceInfo, data.RawDataset, int]:
    """Find the source model and the data set, and the image size for both."""
    info = zoo.find_source(recipe.model, recipe.weights, recipe.preprocessing)
    raw = data.open_dataset(recipe.dataset, recipe.data_dir)
    size = recipe.image_size or zoo.choose_image_size(info, raw.image_size)
    return info, raw, size


def prepare_data(
    recipe: Recipe, raw: data.RawDataset, image_size: int, path: Path
) -> data.ImageDataset:
    """Split and decode the data; few images in a smoke run."""
    few = max(SMOKE_EXAMPLES, 2 * len(raw.class_names))
    return data.prepare(
        raw,
        image_size,
        recipe.validation_share,
        recipe.seed,
        train_examples=few if recipe.smoke else recipe.train_examples,
        evaluation_examples=few if recipe.smoke else None,
        cache_dir=path / "data",
    )


def build_source(
    recipe: Recipe,
    info: zoo.SourceInfo,
    image_size: int,
    num_classes: int,
    trained: bool = True,
) -> keras.Model:
    """Load the source model and put the new task's classifier on it."""
    keras.utils.set_random_seed(recipe.seed)
    features = zoo.load_source(info, image_size, trained)
    set_precision(features)  # A file's layers may bring another.
    return attach_classifier(features, num_classes, recipe.seed)


def keep_source(
    recipe: Recipe,
    info: zoo.SourceInfo,
    image_size: int,
    dataset: data.ImageDataset,
    workdir: WorkDirectory,
) -> keras.Model:
    """Build the source once; from then on it is the work directory's own.

    What can be refused of the search is refused here, before any training.
    """

    def build(directory: Path) -> dict[str, Any]:
        check_accumulation(recipe, dataset)
        source = build_source(recipe, info, image_size, dataset.num_classes)
        trained = source
        if recipe.method == "ntaa":
            choose_sites(
                source, recipe.candidates, recipe.sites, recipe.skip_inputs
            )
            trained = make_supernet(recipe, source)
        check_memory(recipe, trained)
        if recipe.limits:
            check_budget(recipe, source, trained, directory)
        save_model(source, directory / "source.keras")
        return {"image_size": image_size, **dataclasses.asdict(info)}

    workdir.run_once("source", build)
    return keras.models.load_model(workdir.path / "source" / "source.keras")
