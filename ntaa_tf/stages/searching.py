"""The stage that searches, and collapses what it found."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from ntaa_tf.architecture import Architecture
from ntaa_tf.files import write_atomically
from ntaa_tf.files import write_json
from ntaa_tf.graph.precision import set_precision
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
from ntaa_tf.search.supernet import apply_architecture
from ntaa_tf.search.supernet import insert_mixed_ops
from ntaa_tf.stages.budgeting import describe_budget
from ntaa_tf.stages.budgeting import make_budget
from ntaa_tf.stages.job import Job
from ntaa_tf.stages.job import save_model
from ntaa_tf.tasks.classification import compile_options
from ntaa_tf.training import count_accumulated
from ntaa_tf.training import fit_resumably

ARCHITECTURE_FILE = "architecture.json"
PROBABILITIES_FILE = "probabilities.json"
RECALIBRATION_BATCHES = 50
MONITOR_BATCHES = 10
DRAWN_PATHS = 20
COMPARED_IMAGES = 8


def search(job: Job, directory: Path) -> dict[str, Any]:
    """Search, derive, collapse, recalibrate.

    Args:
        job: what the stages share.
        directory: gets `architecture.json` and `collapsed.keras`.

    Returns:
        The `history`: each metric after each epoch; the `gap`: how accurate
        the supernet was, and its argmax; the `collapse_difference` of their
        logits; and, where there is a `budget`, what it says.
    """
    keras.utils.set_random_seed(job.recipe.seed)
    supernet = _compile(job)
    monitor = SearchMonitor(
        job.evaluation_batches(job.dataset.validation),
        job.calibration_images(MONITOR_BATCHES),
    )
    monitor.set_model(supernet)
    budget = make_budget(job.recipe, job.source, supernet, job.path / "source")
    history = _fit(job, supernet, monitor, budget, directory)
    gap = {
        "supernet": history["val_accuracy"][-1],
        "argmax": history["val_argmax_accuracy"][-1],
    }
    if job.recipe.relaxation == SINGLE_PATH:
        paths = keep_best_path(supernet, monitor.evaluate, DRAWN_PATHS)
        gap["argmax"] = max(paths)
    if job.recipe.relaxation != EXPECTATION:
        supernet.settle()
    architecture, costs = _derive(supernet, budget, directory)
    if costs:
        gap["budget"] = monitor.evaluate()
    set_precision(supernet)
    difference = _collapse(job, supernet, architecture, directory)
    return {
        "history": history,
        "gap": gap,
        "collapse_difference": difference,
        **costs,
    }


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


def _compile(job: Job) -> Supernet:
    """Make the supernet, ready to be searched."""
    recipe = job.recipe
    supernet = make_supernet(recipe, job.source)
    set_precision(supernet, recipe.mixed_precision)
    supernet.compile(
        optimizer=job.make_optimizer(supernet, recipe.search_epochs),
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
        **job.execution_options(),
        **compile_options(),
    )
    return supernet


def _fit(
    job: Job,
    supernet: Supernet,
    monitor: SearchMonitor,
    budget: Budget | None,
    directory: Path,
) -> dict[str, list[float]]:
    """Train weights and logits; give each metric after each epoch."""
    callbacks: list[keras.callbacks.Callback] = [monitor]
    if budget is not None and job.recipe.end == "exact":
        callbacks.append(EndWithinBudget(budget))
    return fit_resumably(
        supernet,
        lambda first: job.training_batches(first, job.searched),
        epochs=job.searched,
        steps_per_epoch=job.steps,
        directory=directory,
        callbacks=callbacks,
    )


def _derive(
    supernet: Supernet, budget: Budget | None, directory: Path
) -> tuple[Architecture, dict[str, Any]]:
    """Derive the architecture; give it, and what a budget says of it."""
    architecture = derive(supernet, budget)
    with write_atomically(directory / ARCHITECTURE_FILE) as unfinished:
        unfinished.write_text(architecture.to_json(), "utf-8")
    if budget is None:
        return architecture, {}
    write_json(directory / PROBABILITIES_FILE, measure_probabilities(supernet))
    # The search may have ended elsewhere, or in a mixture.
    apply_architecture(supernet, architecture)
    return architecture, {"budget": describe_budget(budget, architecture)}


def _collapse(
    job: Job, supernet: Supernet, architecture: Architecture, directory: Path
) -> float:
    """Keep the collapsed model; give how far it was from the supernet."""
    collapsed = collapse(supernet, architecture)
    images = job.dataset.validation.images[:COMPARED_IMAGES].astype("float32")
    logits = [np.asarray(model(images)) for model in (supernet, collapsed)]
    Recalibration(collapsed)(job.calibration_images(RECALIBRATION_BATCHES))
    save_model(collapsed, directory / "collapsed.keras")
    return float(np.max(np.abs(logits[0] - logits[1])))
