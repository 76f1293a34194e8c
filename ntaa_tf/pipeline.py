"""The story of a run, from a source model to an adapted one, top to bottom."""

import logging
from pathlib import Path
from typing import Any

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.assembly import assemble
from ntaa_tf.assembly.assembly import assemble_supernet
from ntaa_tf.assembly.checks import estimate_training
from ntaa_tf.assembly.inputs import find_inputs
from ntaa_tf.assembly.run_directory import open_run_directory
from ntaa_tf.assembly.run_directory import write_command
from ntaa_tf.assembly.source import build_source
from ntaa_tf.assembly.supernet import build_supernet
from ntaa_tf.assembly.supernet_directory import STAGE
from ntaa_tf.assembly.supernet_directory import find_supernet_path
from ntaa_tf.assembly.task import build_task
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.inspection import describe_search
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.stages.evaluate import evaluate
from ntaa_tf.stages.guard import guard
from ntaa_tf.stages.metrics import collect_metrics
from ntaa_tf.stages.plan import MEASURING
from ntaa_tf.stages.plan import Stages
from ntaa_tf.stages.plan import list_training
from ntaa_tf.stages.plan import run_stages
from ntaa_tf.stages.report import report
from ntaa_tf.stages.supernet import learn_without_labels
from ntaa_tf.stages.tune import retract_incomplete
from ntaa_tf.stages.tune import tune
from ntaa_tf.storage.run_directory import METRICS_FILE
from ntaa_tf.storage.run_metrics import RunMetrics
from ntaa_tf.storage.run_metrics import read_run_metrics
from ntaa_tf.storage.run_metrics import write_run_metrics

TUNE, GUARD = "tune", "guard"

logger = logging.getLogger(__name__)


def run(recipe: Recipe) -> RunMetrics:
    """Adapt a source model to a data set: all that `adapt` does.

    Every stage keeps its result in the run directory and is skipped where it
    has one, so the same recipe goes on where it stopped. A run directory has
    one run at a time.

    Args:
        recipe: recipe of the run.

    Returns:
        The metrics of the run, which `metrics.json` keeps.

    Raises:
        ValueError: if a choice can't be followed; before any training.
        DivergenceError: if a loss is no longer finite.
    """
    finished = _read_finished(recipe)
    if finished is not None:
        return finished
    with assemble(recipe) as assembly:
        plain = (
            finetune_plainly(assembly) if assembly.recipe.has_baseline else {}
        )
        metrics = collect_metrics(assembly, adapt(assembly), plain)
        report(assembly, metrics, write_command(recipe))
        write_run_metrics(assembly.path, metrics)
        logger.info("finished: open %s", assembly.path / "report.html")
        return metrics


def _read_finished(recipe: Recipe) -> RunMetrics | None:
    """Read the metrics of a finished run, if --workdir names one.

    Nothing else is looked at: a worker that is started again can't wait for
    the others, which have ended.
    """
    path = Path(recipe.output.workdir or "")
    if recipe.output.workdir is None or not (path / METRICS_FILE).exists():
        return None
    open_run_directory(recipe, path)
    return read_run_metrics(path)


def finetune_plainly(assembly: Assembly) -> dict[str, Any]:
    """Finetune the source's own architecture for as many epochs: the baseline.

    Rerunning the baseline also reruns the stages compared with it.

    Args:
        assembly: what the stages of the run share.

    Returns:
        The results of the baseline's stages, by name.
    """
    baseline = assembly.baseline
    stages = {**list_stages(baseline), "evaluate": evaluate}
    if not all(map(baseline.run_directory.has_run, stages)):
        # The guard may have replaced the adapted model by the baseline.
        guards = assembly.recipe.adaptation.guard
        guarded = ("finetune", GUARD) if guards else ()
        assembly.run_directory.forget([*guarded, *MEASURING])
    return run_stages(stages, baseline)


def adapt(assembly: Assembly) -> dict[str, Any]:
    """Search, collapse, finetune, evaluate and export, by the method.

    Args:
        assembly: what the stages share.

    Returns:
        The results of the stages, by name.
    """
    if not has_supernet(find_supernet_path(assembly.recipe, assembly.path)):
        # Its directory was deleted after its stage had run.
        assembly.run_directory.retract(STAGE)
    return run_stages({**list_stages(assembly), **MEASURING}, assembly)


def list_stages(assembly: Assembly) -> Stages:
    """List the stages that end with the model to measure."""
    chosen = assembly.recipe.adaptation
    stages: Stages = {}
    if chosen.learning_rate_trials > 1:
        retract_incomplete(assembly)
        stages[TUNE] = tune
    stages |= list_training(chosen.plan)
    return {**stages, GUARD: guard} if chosen.guard else stages


def pretrain(recipe: Recipe) -> dict[str, list[float]]:
    """Train a supernet without labels, which several tasks then share.

    Args:
        recipe: recipe of the method `unsupervised`, with the directory of the
            supernet; it learns from the training images of the data set.

    Returns:
        The loss after each epoch; nothing if the supernet was there.

    Raises:
        ValueError: if a choice can't be followed, or the directory has a
            supernet of other choices.
    """
    with assemble_supernet(recipe) as assembled:
        return learn_without_labels(*assembled) if assembled else {}


def inspect(recipe: Recipe) -> str:
    """Describe what a run would search and what it would cost, untrained.

    Args:
        recipe: recipe of the run.
    """
    inputs = find_inputs(recipe)
    task = build_task(recipe, inputs.raw)
    source = build_source(recipe, inputs, inputs.raw, task, trained=False)
    supernet = build_supernet(recipe, source, task)
    memory = [estimate_training(recipe, model) for model in (source, supernet)]
    batch_size = recipe.training.batch_size
    return describe_search(source, supernet, batch_size, memory)
