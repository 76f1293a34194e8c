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

    With --architecture the supernet is set to the architecture of that file.

    Args:
        recipe: recipe of the run.
        source: source model with the task's head; it is not modified.
        task: task of the recipe.
    """
    architecture = None
    if recipe.adaptation.architecture is not None:
        architecture = read_architecture(Path(recipe.adaptation.architecture))
    # Layers without a seed of their own, such as Dropout, take the global one.
    keras.utils.set_random_seed(recipe.output.seed)
    if recipe.source.has_cells:
        height, width = source.inputs[0].shape[1:3]
        num_classes = source.outputs[-1].shape[-1]
        cells = build_cells(recipe, (height, width), num_classes, task)
        if architecture is not None:
            apply_architecture(cells, architecture)
        return cells
    search = recipe.search
    return insert_mixed_ops(
        source,
        candidates=search.candidates,
        sites=search.sites,
        skip_inputs=search.skip_inputs,
        inherit=search.candidate_weights == "inherit",
        seed=recipe.output.seed,
        architecture=architecture,
        has_gains=search.scale_weight_free,
        start=search.start,
        source_lead=_choose_lead(recipe),
    )


def _choose_lead(recipe: Recipe) -> float | None:
    """Return the initial lead of the source's logits; None for the default."""
    search = recipe.search
    self_supervises = recipe.adaptation.plan.self_supervises
    is_paper = self_supervises and search.start == "paper"
    if search.source_lead is None and is_paper:
        return 0.0  # The paper pretrains with all candidates mixed evenly.
    return search.source_lead


def read_architecture(path: Path) -> Architecture:
    """Read an architecture.

    Args:
        path: path of the `architecture.json` of a run.

    Raises:
        ValueError: if the file is missing or is no architecture.
    """
    try:
        return Architecture.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(
            "--architecture must be the architecture.json of a run. Received: "
            f"{path} ({error.strerror})."
        ) from error
