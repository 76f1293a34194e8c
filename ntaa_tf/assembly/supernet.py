"""The supernet of a recipe: mixed ops in the source model, or cells."""

from pathlib import Path

import keras

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.cells import build_cells
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.apply import apply_architecture
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.tasks.task import Task


def build_supernet(recipe: Recipe, source: keras.Model, task: Task) -> Supernet:
    """Insert the mixed ops of a recipe into its source, or build its cells.

    Args:
        recipe: recipe of the run.
        source: source model with the task's head; it is left as it is.
        task: task of the recipe.
    """
    given = None
    if recipe.adaptation.architecture is not None:
        given = read_architecture(Path(recipe.adaptation.architecture))
    # Layers without a seed of their own, such as Dropout, take one from here.
    keras.utils.set_random_seed(recipe.output.seed)
    if recipe.source.has_cells:
        height, width = source.inputs[0].shape[1:3]
        num_classes = source.outputs[-1].shape[-1]
        cells = build_cells(recipe, (height, width), num_classes, task)
        if given is not None:
            apply_architecture(cells, given)
        return cells
    search = recipe.search
    return insert_mixed_ops(
        source,
        candidates=search.candidates,
        sites=search.sites,
        skip_inputs=search.skip_inputs,
        inherit=search.candidate_weights == "inherit",
        seed=recipe.output.seed,
        architecture=given,
        has_gains=search.scale_weight_free,
        start=search.start,
        source_lead=_find_lead(recipe),
    )


def _find_lead(recipe: Recipe) -> float | None:
    """Return the initial lead of the source's operation, None for a default."""
    search = recipe.search
    self_supervises = recipe.adaptation.plan.self_supervises
    if (
        search.source_lead is None
        and self_supervises
        and search.start == "paper"
    ):
        return 0.0  # The paper learns without labels in an even mixture.
    return search.source_lead


def read_architecture(path: Path) -> Architecture:
    """Read the architecture of a run.

    Args:
        path: path of an `architecture.json`.

    Raises:
        ValueError: if the file is missing or holds something else.
    """
    try:
        return Architecture.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(
            "--architecture must be the architecture.json of a run. Received: "
            f"{path} ({error.strerror})."
        ) from error
