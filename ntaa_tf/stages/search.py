"""The stage `search`: train a supernet, derive, and collapse."""

import functools
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.search_space import SearchSpace
from ntaa_tf.assembly.supernet_directory import find_supernet_path
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.methods import BILEVEL
from ntaa_tf.recipe.methods import EVOLUTION
from ntaa_tf.search.bilevel import BilevelSupernet
from ntaa_tf.search.calibration import calibrate
from ntaa_tf.search.ending import EndWithinBudget
from ntaa_tf.search.kept_supernet import load_supernet
from ntaa_tf.search.monitor import SearchMonitor
from ntaa_tf.search.probabilities import ProbabilityRecorder
from ntaa_tf.search.spreading import list_spreading_kernels
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.search.target_head import TargetHead
from ntaa_tf.stages import judging
from ntaa_tf.stages.architecture_picture import log_picture
from ntaa_tf.stages.collapse import derive_architecture
from ntaa_tf.stages.collapse import save_collapsed
from ntaa_tf.stages.evolution import choose_best_path
from ntaa_tf.training.batch_norm_calibration import MEASURING_BATCHES
from ntaa_tf.training.batch_norm_momentum import limit_momentum
from ntaa_tf.training.batch_norm_synchronization import synchronize
from ntaa_tf.training.optimizers import ReplicatedAdam
from ntaa_tf.training.optimizers import ReplicatedSGD
from ntaa_tf.training.optimizers import count_accumulated
from ntaa_tf.training.precision import set_precision
from ntaa_tf.training.resumable_fit import fit_resumably

COURSE_FILE = "probability_course.json"
BUDGET_BATCHES = 5  # On which the options of a budget are compared.
DECOUPLED = "adam_decoupled"


def search(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Train the supernet, derive the architecture, and collapse.

    Args:
        assembly: what the stages share.
        directory: directory of this stage; it gets `architecture.json`,
            `collapsed.keras`, and in `probability_course.json` the
            probabilities after each epoch.

    Returns:
        The `history`: each metric after each epoch; the `gap`: validation
        scores of the supernet, of its argmax, and of the derived architecture
        if there is a budget; the `collapse_difference`: the largest change of
        an output by the collapse; the `budget`, if the recipe has limits; and
        the number of `target_labels`, if the logits learnt from a target
        domain.
    """
    space = assembly.take_search_space()
    # The supernet was built here, or before by the checks. The random state
    # must be the same in both cases.
    keras.utils.set_random_seed(assembly.recipe.output.seed)
    supernet = _compile(assembly, space.supernet)
    space = SearchSpace(supernet, space.budget)
    score = assembly.task.score
    monitor = SearchMonitor(
        assembly.validate,
        score,
        assembly.batches.calibration_images(MEASURING_BATCHES),
    )
    monitor.set_model(supernet)
    history = _fit(assembly, space, monitor, directory)
    gap = {
        "supernet": history[f"val_{score}"][-1],
        "argmax": history[f"val_argmax_{score}"][-1],
    }
    measure = judging.measure_losses(assembly, supernet, monitor.recalibration)
    if supernet.relaxation == SINGLE_PATH:
        score_path = monitor.evaluate
        if measure is not None:
            score_path = functools.partial(judging.score, measure)
        choose_best_path(assembly.recipe, space, score_path, directory)
        gap["argmax"] = monitor.evaluate()
    # Relaxations that draw leave the supernet at the last drawn path.
    if supernet.relaxation != EXPECTATION:
        supernet.settle()
    judgements = judging.judge_changes(assembly, space, measure)
    if judgements:
        gap["proven"] = monitor.evaluate()
    architecture, costs = derive_architecture(space, directory)
    if space.budget is not None:
        gap["budget"] = monitor.evaluate()
    log_picture(assembly, architecture, directory)
    difference = save_collapsed(assembly, supernet, architecture, directory)
    return {
        "history": history,
        "gap": gap,
        "collapse_difference": difference,
        "judgements": judgements,
        **costs,
        **_count_target_labels(assembly),
    }


def _count_target_labels(assembly: Assembly) -> dict[str, int]:
    target = assembly.dataset.target
    return {} if target is None else {"target_labels": len(target)}


def _compile(assembly: Assembly, supernet: Supernet) -> Supernet:
    """Compile a supernet for the search.

    Args:
        assembly: what the stages share.
        supernet: new supernet.

    Returns:
        The compiled supernet, of another class for a bilevel search.
    """
    recipe, choices = assembly.recipe, assembly.recipe.search
    plan = recipe.adaptation.plan
    if choices.scale_weight_free:
        images = assembly.batches.calibration_images(1)
        calibrate(supernet, next(iter(images)))
    start, resting = choices.start, []
    if plan.self_supervises:
        path = find_supernet_path(recipe, assembly.path)
        resting = load_supernet(supernet, path)
        start = "paper"  # Its pretraining ended in the paper's mixture.
    set_precision(supernet, recipe.compute.mixed_precision)
    synchronize(supernet, recipe.compute.sync_batch_norm)
    options: dict[str, Any] = {"relaxation": choices.relaxation}
    if plan.search == EVOLUTION:
        options["relaxation"] = SINGLE_PATH
    elif plan.search == BILEVEL:
        supernet = BilevelSupernet(*single_or_list(supernet))
        options |= _list_bilevel_options(assembly, supernet)
    epochs = recipe.training.search_epochs  # Length of the cosine.
    if recipe.one_cosine:
        epochs = recipe.training.total_epochs
    steps = assembly.search_steps
    careful = (
        list_spreading_kernels(supernet) if recipe.slows_new_kernels else []
    )
    supernet.compile(
        optimizer=assembly.make_optimizer(
            supernet, epochs * steps, careful=careful
        ),
        architecture_optimizer=_make_architecture_optimizer(recipe),
        teacher=assembly.load_teacher(),
        seed=recipe.output.seed,
        source_penalty=choices.source_penalty,
        cost_weight=choices.cost_weight,
        confidence=choices.confidence,
        warm_up=choices.warm_up,
        absence=0.0 if assembly.judging is None else judging.ABSENCE,
        decouples_penalties=choices.architecture_optimizer == DECOUPLED,
        start=start,
        end=choices.end,
        resting=resting,
        **options,
        **assembly.execution_options(steps),
        **assembly.compile_options(),
    )
    return supernet


def _list_bilevel_options(
    assembly: Assembly, supernet: Supernet
) -> dict[str, Any]:
    """Return the options of `BilevelSupernet.compile`."""
    options: dict[str, Any] = {"unrolled": assembly.recipe.search.unrolled}
    if assembly.dataset.target is not None:
        options["architecture_loss"] = assembly.task.architecture_loss
    if assembly.recipe.domains.target_head:
        options["target_head"] = _make_target_head(assembly, supernet)
    return options


def _make_target_head(assembly: Assembly, supernet: Supernet) -> TargetHead:
    """Build the classifier of the target's identities, with its optimizer."""
    recipe = assembly.recipe
    steps = recipe.training.search_epochs * assembly.search_steps
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.training.learning_rate, steps
    )
    return TargetHead(
        channels=supernet.outputs[0].shape[-1],
        num_identities=assembly.batches.count_labels(assembly.streams[-1]),
        share=recipe.retrieval.cross_entropy_weight,
        optimizer=ReplicatedSGD(schedule, momentum=0.9),
    )


def _make_architecture_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Build the optimizer of the logits."""
    rate = recipe.search.architecture_learning_rate
    accumulated = count_accumulated(recipe.compute.accumulation_steps)
    if recipe.search.architecture_optimizer == "sgd":
        return ReplicatedSGD(
            rate, momentum=0.9, gradient_accumulation_steps=accumulated
        )
    return ReplicatedAdam(
        rate, beta_1=0.5, gradient_accumulation_steps=accumulated
    )


def _fit(
    assembly: Assembly,
    space: SearchSpace,
    monitor: SearchMonitor,
    directory: Path,
) -> dict[str, list[float]]:
    """Train weights and logits; return each metric after each epoch."""
    training, steps = assembly.recipe.training, assembly.search_steps
    with limit_momentum(space.supernet, steps):
        return fit_resumably(
            space.supernet,
            lambda first: _make_batches(assembly, first),
            epochs=training.search_epochs,
            steps_per_epoch=steps,
            directory=directory,
            callbacks=[
                monitor,
                *_list_endings(assembly, space),
                *_list_recorders(space, directory),
                *assembly.callbacks,
            ],
            later_steps=training.finetune_epochs * assembly.steps,
            title=assembly.run_directory.name_stage(directory.name),
        )


def _list_endings(
    assembly: Assembly, space: SearchSpace
) -> list[keras.callbacks.Callback]:
    """List the callback that keeps the limits when the search ends.

    Single paths end by evolution, and the paper's search in its mixture.
    """
    choices, budget = assembly.recipe.search, space.budget
    if space.supernet.relaxation == SINGLE_PATH or choices.end != "exact":
        return []
    endings: list[keras.callbacks.Callback] = []
    if budget is not None:
        # Options are compared on images that the logits learn from.
        stream = assembly.streams[-1]
        endings.append(
            EndWithinBudget(
                budget,
                lambda: list(
                    assembly.batches.calibration(BUDGET_BATCHES, stream)
                ),
            )
        )
    return endings


def _list_recorders(
    space: SearchSpace, directory: Path
) -> list[keras.callbacks.Callback]:
    """List the recorder of probabilities; single paths train no logits."""
    if space.supernet.relaxation == SINGLE_PATH:
        return []
    return [ProbabilityRecorder(directory / COURSE_FILE)]


def _make_batches(assembly: Assembly, first_epoch: int) -> tf.data.Dataset:
    """Return the batches of the search; of a bilevel search, pairs of them."""
    end = assembly.recipe.training.search_epochs
    steps = assembly.search_steps
    weights, *logits = assembly.streams
    # A teacher is for the weights, also where logits have batches of their own.
    batches = [
        assembly.batches.teaching(first_epoch, end, weights, steps),
        *(
            assembly.batches.training(first_epoch, end, stream, steps)
            for stream in logits
        ),
    ]
    return batches[0] if len(batches) == 1 else tf.data.Dataset.zip(*batches)
