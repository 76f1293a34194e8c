"""The inputs of a run: source model, data set and image size, as found."""

from dataclasses import dataclass

from ntaa_tf import data
from ntaa_tf import zoo
from ntaa_tf.assembly.data import open_by_task
from ntaa_tf.assembly.data import open_data
from ntaa_tf.data.datasets import OpenedDataset
from ntaa_tf.image_size import Size
from ntaa_tf.image_size import as_size
from ntaa_tf.image_size import parse_size
from ntaa_tf.recipe import Recipe


@dataclass(frozen=True)
class Inputs:
    """The source model and the data set, found but not loaded.

    Args:
        info: description of the source model: location and preprocessing.
        raw: opened data set, without decoded images.
        image_size: height and width in pixels of the model's input.
    """

    info: zoo.SourceInfo
    raw: OpenedDataset
    image_size: Size


def find_inputs(recipe: Recipe) -> Inputs:
    """Find the source model and the data set that a recipe names.

    The data sets of --transfer_dataset and --supernet_dataset are checked, so
    that a wrong name is refused before any training.

    Args:
        recipe: recipe of the run.

    Raises:
        ValueError: if one of them can't be found, opened or used.
    """
    source = recipe.source
    info = zoo.find_source(source.model, source.weights, source.preprocessing)
    raw = open_data(recipe)
    _check_transfer_data(recipe)
    _check_supernet_data(recipe)
    if recipe.data.image_size is not None:
        size = parse_size(recipe.data.image_size)
    else:
        size = zoo.choose_image_size(info, as_size(raw.image_size))
    return Inputs(info, raw, size)


def _check_transfer_data(recipe: Recipe) -> None:
    """Raise a ValueError if the data set of a transfer method can't be used."""
    name = recipe.adaptation.transfer_dataset
    if name is None:
        return
    try:
        raw = data.open_dataset(name, recipe.data.data_dir)
        splits = data.split_dataset(
            raw, recipe.data.validation_share, recipe.output.seed
        )
        data.steps_per_epoch(splits["train"], recipe.training.batch_size)
    except ValueError as error:
        raise ValueError(f"In --transfer_dataset: {error}") from error


def _check_supernet_data(recipe: Recipe) -> None:
    """Raise a ValueError if the images of the supernet can't be opened."""
    name = recipe.unsupervised.supernet_dataset
    if name is None:
        return
    try:
        open_by_task(recipe, name, recipe.data.data_dir)
    except ValueError as error:
        raise ValueError(f"In --supernet_dataset: {error}") from error
