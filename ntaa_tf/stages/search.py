"""The stage that searches: trains a supernet, and collapses it."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from ntaa_tf.assembly.budget import make_budget
from ntaa_tf.assembly.job import Job
from ntaa_tf.assembly.job import make_supernet
from ntaa_tf.assembly.streams import count_search_steps
from ntaa_tf.assembly.streams import list_streams
from ntaa_tf.assembly.supernet_directory import find_super
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.methods import BILEVEL
from ntaa_tf.recipe.methods import EVOLUTION
from ntaa_tf.search.bilevel import BilevelSupernet
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.calibration import calibrate
from ntaa_tf.search.ending import EndValidated
from ntaa_tf.search.ending import EndWithinBudget
from ntaa_tf.search.kept_supernet import load_supernet
from ntaa_tf.search.monitor import SearchMonitor
from ntaa_tf.search.probabilities import ProbabilityRecorder
from ntaa_tf.search.spreading import list_spreading_kernels
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.search.target_head import TargetHead
from ntaa_tf.stages.deriving import keep_collapsed
from ntaa_tf.stages.deriving import settle_architecture
from ntaa_tf.stages.evolving import keep_best_path
from ntaa_tf.stages.picturing import log_picture
from ntaa_tf.training.batch_norm_synchronization import synchronize
from ntaa_tf.training.optimizers import ReplicatedAdam
from ntaa_tf.training.optimizers import ReplicatedSGD
from ntaa_tf.training.optimizers import count_accumulated
from ntaa_tf.training.precision import set_precision
from ntaa_tf.training.resumable_fit import fit_resumably

COURSE_FILE = "probability_course.json"
MONITOR_BATCHES = 10
BUDGET_BATCHES = 5
DECOUPLED = "adam_decoupled"


def search(job: Job, directory: Path) -> dict[str, Any]:
    """Search, derive, collapse, recalibrate.

    Args:
        job: what the stages share.
        directory: gets `architecture.json`, `collapsed.keras`, and in
            `probability_course.json` what was probable after each epoch;
            TensorBoard's logs in it show the architecture as well.

    Returns:
        The `history`: each metric after each epoch; the `gap`: how good
        the supernet was, and its argmax; the `collapse_difference` of their
        logits; where there is a `budget`, what it says; and where another
        domain judged, how many `target_labels` were used.
    """
    keras.utils.set_random_seed(job.recipe.seed)
    supernet = _compile(job)
    score = job.task.score
    monitor = SearchMonitor(
        job.validate, score, job.calibration_images(MONITOR_BATCHES)
    )
    monitor.set_model(supernet)
    budget = make_budget(job.recipe, job.source, supernet, job.source_path)
    history = _fit(job, supernet, monitor, budget, directory)
    gap = {
        "supernet": history[f"val_{score}"][-1],
        "argmax": history[f"val_argmax_{score}"][-1],
    }
    if supernet.relaxation == SINGLE_PATH:
        gap["argmax"] = keep_best_path(
            job.recipe, supernet, monitor.evaluate, budget, directory
        )
    if supernet.relaxation != EXPECTATION:
        supernet.settle()
    architecture, costs = settle_architecture(supernet, budget, directory)
    if costs:
        gap["budget"] = monitor.evaluate()
    log_picture(job, architecture, directory)
    difference = keep_collapsed(job, supernet, architecture, directory)
    return {
        "history": history,
        "gap": gap,
        "collapse_difference": difference,
        **costs,
        **_count_target_labels(job),
    }


def _count_target_labels(job: Job) -> dict[str, int]:
    target = job.dataset.target
    return {} if target is None else {"target_labels": len(target)}


def _compile(job: Job) -> Supernet:
    """Make the supernet, ready to be searched."""
    recipe = job.recipe
    supernet = make_supernet(recipe, job.source)
    if recipe.calibrate:
        calibrate(supernet, next(iter(job.calibration_images(1))))
    start, resting = recipe.start, []
    if recipe.plan.self_supervises:
        resting = load_supernet(supernet, find_super(recipe, job.path))
        start = "paper"  # The mixture that it learnt as.
    set_precision(supernet, recipe.mixed_precision)
    synchronize(supernet, recipe.sync_batch_norm)
    options: dict[str, Any] = {"relaxation": recipe.relaxation}
    if recipe.plan.search == EVOLUTION:
        options["relaxation"] = SINGLE_PATH
    elif recipe.plan.search == BILEVEL:
        supernet = BilevelSupernet(*single_or_list(supernet))
        options["unrolled"] = recipe.unrolled
        if job.dataset.target is not None:
            options["architecture_loss"] = job.task.architecture_loss
        if recipe.target_head:
            options["target_head"] = _make_target_head(job, supernet)
    epochs = recipe.total_epochs if recipe.one_cosine else recipe.search_epochs
    steps = count_search_steps(job.recipe, job.dataset)
    careful = []
    if recipe.is_careful:
        careful = list_spreading_kernels(supernet)
    supernet.compile(
        optimizer=job.make_optimizer(supernet, epochs * steps, careful=careful),
        architecture_optimizer=_make_architecture_optimizer(recipe),
        seed=recipe.seed,
        source_penalty=recipe.source_penalty,
        cost_weight=recipe.cost_weight,
        confidence=recipe.confidence,
        warm_up=recipe.warm_up,
        decouples_penalties=recipe.architecture_optimizer == DECOUPLED,
        start=start,
        end=recipe.end,
        resting=resting,
        **options,
        **job.execution_options(steps),
        **job.task.compile_options(),
    )
    return supernet


def _make_target_head(job: Job, supernet: Supernet) -> TargetHead:
    """Make a classifier of the identities that judge the architecture."""
    recipe = job.recipe
    steps = recipe.search_epochs * count_search_steps(recipe, job.dataset)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate, steps
    )
    return TargetHead(
        channels=supernet.outputs[0].shape[-1],
        num_identities=job.count_labels(list_streams(recipe, job.dataset)[-1]),
        share=recipe.cross_entropy_weight,
        optimizer=ReplicatedSGD(schedule, momentum=0.9),
    )


def _make_architecture_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Make the optimizer of the logits."""
    rate = recipe.architecture_learning_rate
    accumulated = count_accumulated(recipe.accumulation_steps)
    if recipe.architecture_optimizer == "sgd":
        return ReplicatedSGD(
            rate, momentum=0.9, gradient_accumulation_steps=accumulated
        )
    return ReplicatedAdam(
        rate, beta_1=0.5, gradient_accumulation_steps=accumulated
    )


def _fit(
    job: Job,
    supernet: Supernet,
    monitor: SearchMonitor,
    budget: Budget | None,
    directory: Path,
) -> dict[str, list[float]]:
    """Train weights and logits; give each metric after each epoch."""
    callbacks: list[keras.callbacks.Callback] = [monitor]
    if supernet.relaxation != SINGLE_PATH and job.recipe.end == "exact":
        if budget is not None:
            callbacks.append(
                EndWithinBudget(budget, lambda: _list_judging_batches(job))
            )
        # Cells have no source's operation to go back to.
        if job.recipe.validated_end and not job.recipe.searches_cells:
            allows = None if budget is None else budget.keeps
            callbacks.append(EndValidated(monitor.evaluate, allows))
    if supernet.relaxation != SINGLE_PATH:  # Which leaves the logits alone.
        callbacks.append(ProbabilityRecorder(directory / COURSE_FILE))
    return fit_resumably(
        supernet,
        lambda first: _make_batches(job, first),
        epochs=job.recipe.search_epochs,
        steps_per_epoch=count_search_steps(job.recipe, job.dataset),
        directory=directory,
        callbacks=callbacks,
        later_steps=job.recipe.finetune_epochs * job.steps,
    )


def _list_judging_batches(job: Job) -> list[Any]:
    """List some batches of what the logits learn from."""
    judging = list_streams(job.recipe, job.dataset)[-1]
    return list(job.calibration_batches(BUDGET_BATCHES, judging))


def _make_batches(job: Job, first_epoch: int) -> tf.data.Dataset:
    """Give the search's batches; for bilevel search, pairs of them."""
    recipe, end = job.recipe, job.recipe.search_epochs
    steps = count_search_steps(recipe, job.dataset)
    batches = [
        job.training_batches(first_epoch, end, stream, steps)
        for stream in list_streams(recipe, job.dataset)
    ]
    return batches[0] if len(batches) == 1 else tf.data.Dataset.zip(*batches)
