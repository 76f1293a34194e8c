"""The story of a run, from a source model to an adapted one, top to bottom."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.assembly import HAND_OVER
from ntaa_tf.assembly.assembly import TEACHER
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.building import assemble
from ntaa_tf.assembly.checks import estimate_training
from ntaa_tf.assembly.inputs import find_inputs
from ntaa_tf.assembly.pretraining import assemble_pretraining
from ntaa_tf.assembly.run_directory import open_run_directory
from ntaa_tf.assembly.run_directory import write_command
from ntaa_tf.assembly.source import build_source
from ntaa_tf.assembly.supernet import build_supernet
from ntaa_tf.assembly.supernet_directory import SUPERNET_STAGE
from ntaa_tf.assembly.supernet_directory import find_supernet_path
from ntaa_tf.assembly.task import build_task
from ntaa_tf.distribute import is_silent
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.inspection import describe_search
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.stages.hand_over import hand_over
from ntaa_tf.stages.metrics import collect_metrics
from ntaa_tf.stages.overview import Part
from ntaa_tf.stages.overview import announce
from ntaa_tf.stages.overview import tell_results
from ntaa_tf.stages.plan import MEASURING
from ntaa_tf.stages.plan import Stages
from ntaa_tf.stages.plan import list_training
from ntaa_tf.stages.plan import run_stages
from ntaa_tf.stages.report import report
from ntaa_tf.stages.supernet import pretrain_supernet
from ntaa_tf.stages.tune import TUNE_STAGE
from ntaa_tf.stages.tune import retract_incomplete
from ntaa_tf.stages.tune import tune
from ntaa_tf.storage.run_directory import METRICS_FILE
from ntaa_tf.storage.run_metrics import BASELINE
from ntaa_tf.storage.run_metrics import RunMetrics
from ntaa_tf.storage.run_metrics import read_run_metrics
from ntaa_tf.storage.run_metrics import write_run_metrics

logger = logging.getLogger(__name__)


def run(
    recipe: Recipe, callbacks: Sequence[keras.callbacks.Callback] = ()
) -> RunMetrics:
    """Carry out a recipe: adapt a source model to a data set.

    Every stage writes its result to the run directory, and is skipped if that
    has its result. So a repeated run goes on where it stopped. A run directory
    has one run at a time.

    Args:
        recipe: recipe of the run.
        callbacks: further callbacks of every training of the run.

    Returns:
        The metrics of the run, which are also in `metrics.json`.

    Raises:
        ValueError: if the run can't be carried out as the recipe asks; before
            any training.
        DivergenceError: if a loss is no longer finite.
    """
    finished = _read_finished(recipe)
    if finished is not None:
        if not is_silent(recipe.compute.distribute):
            tell_results(finished, Path(str(recipe.output.workdir)))
        return finished
    with assemble(recipe) as built:
        assembly = built.with_callbacks(callbacks)
        announce(assembly, list_plan(assembly))
        # The network of the method is compared with the baseline, and learns
        # from a teacher, so both come first.
        baseline = train_baseline(assembly)
        teacher = train_teacher(assembly)
        metrics = collect_metrics(assembly, adapt(assembly), baseline, teacher)
        report(assembly, metrics, write_command(recipe))
        write_run_metrics(assembly.path, metrics)
        if not is_silent(recipe.compute.distribute):
            tell_results(metrics, assembly.path)
        return metrics


def list_plan(assembly: Assembly) -> list[Part]:
    """List the trainings of a run in their order, each with its stages.

    Args:
        assembly: what the stages of the run share.
    """
    recipe, teacher = assembly.recipe, assembly.teacher
    parts = []
    if recipe.has_baseline:
        baseline = assembly.baseline
        parts.append(Part(BASELINE, baseline, list(list_stages(baseline))))
    if teacher is not None and not recipe.is_taught_by_baseline:
        parts.append(Part(TEACHER, teacher, list(list_stages(teacher))))
    own = [*list_stages(assembly), *MEASURING]
    return [*parts, Part("", assembly, own)]


def _read_finished(recipe: Recipe) -> RunMetrics | None:
    """Read the metrics of a finished run, if --workdir names one.

    This comes before everything that waits for other workers: a worker that is
    started again would wait for workers that have ended.
    """
    path = Path(recipe.output.workdir or "")
    if recipe.output.workdir is None or not (path / METRICS_FILE).exists():
        return None
    open_run_directory(recipe, path)  # Raises if it has another recipe's run.
    return read_run_metrics(path)


def train_baseline(assembly: Assembly) -> dict[str, Any]:
    """Finetune the source for the same number of epochs, to compare with it.

    Args:
        assembly: what the stages of the run share.

    Returns:
        The results of the baseline's stages, by name; nothing if the run has
        no baseline.
    """
    recipe = assembly.recipe
    if not recipe.has_baseline:
        if not recipe.is_baseline:
            logger.warning(
                "--nobaseline: nothing tells whether %s is better than plain "
                "finetuning, and its network is handed over in any case",
                recipe.adaptation.method,
            )
        return {}
    obsolete = [HAND_OVER, *MEASURING]
    if recipe.is_taught_by_baseline:
        obsolete += _list_taught(assembly)
    return _train_beside(assembly, assembly.baseline, obsolete)


def train_teacher(assembly: Assembly) -> dict[str, Any]:
    """Finetune the source at the teacher's image size.

    Args:
        assembly: what the stages of the run share.

    Returns:
        The results of the teacher's stages, by name; nothing if the run has no
        teacher, or one that is the baseline or a file.
    """
    teacher = assembly.teacher
    if teacher is None or assembly.recipe.is_taught_by_baseline:
        return {}
    return _train_beside(assembly, teacher, _list_taught(assembly))


def _list_taught(assembly: Assembly) -> list[str]:
    """List the stages of a run that a new teacher makes obsolete."""
    # A supernet without labels learnt from the source, not from the teacher.
    taught = list_stages(assembly).keys() - {SUPERNET_STAGE}
    return [*taught, *MEASURING]


def _train_beside(
    assembly: Assembly, other: Assembly, obsolete: list[str]
) -> dict[str, Any]:
    """Train a network that a run needs; return the results by stage.

    Args:
        assembly: what the stages of the run share.
        other: the assembly of the other network.
        obsolete: stages of the run that must run again if the other network
            is trained now.
    """
    stages = list_stages(other)
    if not all(map(other.run_directory.has_result, stages)):
        assembly.run_directory.remove_stages(obsolete)
    return run_stages(stages, other)


def adapt(assembly: Assembly) -> dict[str, Any]:
    """Run the stages of the method, then evaluate and export.

    Args:
        assembly: what the stages share.

    Returns:
        The results of the stages, by name.
    """
    if not has_supernet(find_supernet_path(assembly.recipe, assembly.path)):
        # If the user deleted the supernet, its stage must run again.
        assembly.run_directory.reopen(SUPERNET_STAGE)
    return run_stages({**list_stages(assembly), **MEASURING}, assembly)


def list_stages(assembly: Assembly) -> Stages:
    """List the stages before evaluation, by name.

    With several learning rates `tune` runs the training stages of each in
    directories of its own. It then copies those of the best rate, so that they
    count as done in this list.

    Args:
        assembly: what the stages share.
    """
    adaptation = assembly.recipe.adaptation
    stages: Stages = {}
    if adaptation.learning_rate_trials > 1:
        retract_incomplete(assembly)
        stages[TUNE_STAGE] = tune
    stages |= list_training(adaptation.plan)
    if assembly.recipe.has_baseline:
        stages[HAND_OVER] = hand_over
    return stages


def pretrain(recipe: Recipe) -> dict[str, list[float]]:
    """Train a supernet without labels, which several tasks then share.

    Args:
        recipe: recipe of the method `unsupervised`, with the directory of the
            supernet. It learns from the training images of the data set.

    Returns:
        The loss after each epoch; nothing if the directory already has the
        supernet.

    Raises:
        ValueError: if the supernet can't be trained as the recipe asks, or the
            directory has a supernet of other choices.
    """
    with assemble_pretraining(recipe) as assembly:
        return pretrain_supernet(assembly) if assembly else {}


def inspect(recipe: Recipe) -> str:
    """Describe the search of a run without training anything.

    Args:
        recipe: recipe of the run.

    Returns:
        A text: every convolution with its candidates or the reason why it is
        no site, and the cost and memory of the supernet.
    """
    inputs = find_inputs(recipe)
    task = build_task(recipe, inputs.raw)
    source = build_source(recipe, inputs, inputs.raw, task, trained=False)
    supernet = build_supernet(recipe, source, task)
    memory = [estimate_training(recipe, model) for model in (source, supernet)]
    batch_size = recipe.training.batch_size
    return describe_search(source, supernet, batch_size, memory)
