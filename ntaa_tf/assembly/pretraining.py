"""The pretraining of a supernet without labels, built and checked."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf import zoo
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.checks import check_streams
from ntaa_tf.assembly.data import identify_data
from ntaa_tf.assembly.data import open_by_task
from ntaa_tf.assembly.data import prepare_data
from ntaa_tf.assembly.inputs import find_inputs
from ntaa_tf.assembly.source import SOURCE_FILE
from ntaa_tf.assembly.source import SOURCE_STAGE
from ntaa_tf.assembly.source import load_features
from ntaa_tf.assembly.streams import Stream
from ntaa_tf.assembly.streams import list_streams
from ntaa_tf.assembly.supernet_directory import SUPERNET_FLAG
from ntaa_tf.assembly.supernet_directory import open_supernet_directory
from ntaa_tf.assembly.task import build_task
from ntaa_tf.data.datasets import Dataset
from ntaa_tf.distribute import check_alike
from ntaa_tf.distribute import enter_strategy
from ntaa_tf.distribute import share_directory
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import shrink
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.storage.run_directory import claim
from ntaa_tf.training.machine import make_deterministic


@contextlib.contextmanager
def assemble_pretraining(recipe: Recipe) -> Iterator[Assembly | None]:
    """Build and check the pretraining of a shared supernet.

    While the block runs, the supernet's directory is locked for other runs.

    Args:
        recipe: recipe with the directory of the supernet.

    Yields:
        The assembly of the pretraining, as of `build_pretraining`; None if
        the directory already has a supernet of these choices.

    Raises:
        ValueError: if the supernet can't be trained as the recipe asks, or the
            directory has a supernet of other choices.
    """
    kept = Path(str(recipe.unsupervised.supernet))
    # Checked before workers wait for each other: a worker that is started
    # again can't wait for the others, which have ended.
    if has_supernet(kept):
        size = find_inputs(recipe).image_size
        open_supernet_directory(shrink(recipe), size, kept)
        yield None
        return
    if recipe.compute.deterministic:
        make_deterministic()
    # TensorFlow allows a multiworker strategy only before its first operation.
    strategy = enter_strategy(recipe.compute.distribute)
    inputs = find_inputs(recipe)
    recipe, size = shrink(recipe), inputs.image_size
    with (
        strategy,
        share_directory(kept, SUPERNET_FLAG) as path,
        claim(path, SUPERNET_FLAG),
    ):
        check_alike("flags", recipe.to_dict())
        open_supernet_directory(recipe, size, path)
        if has_supernet(path):  # Another process has just finished it.
            yield None
            return
        dataset = prepare_data(
            recipe, inputs.raw, size, path, recipe.data.train_examples
        )
        per_class = build_task(recipe, dataset).images_per_class
        check_streams(recipe, list_streams(recipe, dataset), per_class)
        yield build_pretraining(recipe, dataset, size, path)


def build_pretraining(
    recipe: Recipe, dataset: Dataset, image_size: Size, path: Path
) -> Assembly:
    """Build the assembly in which a supernet learns without labels.

    Args:
        recipe: recipe of the run.
        dataset: data set of the task, decoded and split. Its training images
            are used unless the recipe names a --supernet_dataset.
        image_size: height and width in pixels.
        path: directory of the supernet.

    Returns:
        An assembly whose run directory is that of the supernet, and whose
        source ends with the last feature map.

    Raises:
        ValueError: if the directory has a supernet of another recipe.
    """
    directory = open_supernet_directory(recipe, image_size, path)
    name = recipe.unsupervised.supernet_dataset
    if name is not None:
        raw = open_by_task(recipe, name, recipe.data.data_dir)
        dataset = prepare_data(recipe, raw, image_size, path)
    return Assembly(
        recipe,
        directory,
        _prepare_features(recipe, image_size, dataset, directory),
        path / SOURCE_STAGE,
        dataset,
        build_task(recipe, dataset),
        (Stream(dataset.train),),
    )


def _prepare_features(
    recipe: Recipe, image_size: Size, dataset: Dataset, directory: RunDirectory
) -> keras.Model:
    """Load the source once: its embeddings must stay the same to the end."""
    fingerprint = identify_data(dataset)

    def load(stage: Path) -> dict[str, Any]:
        source = recipe.source
        info = zoo.find_source(
            source.model, source.weights, source.preprocessing
        )
        features = load_features(recipe, info, image_size)
        save_model(features, stage / SOURCE_FILE)
        return {"data": fingerprint}

    kept = directory.run_stage(SOURCE_STAGE, load)
    data.check_fingerprint(dataset.name, kept["data"], fingerprint)
    return load_model(directory.path / SOURCE_STAGE / SOURCE_FILE)
