"""The story of a run, from a source model to an adapted one, top to bottom."""

import logging
from pathlib import Path
from typing import Any

from ntaa_tf.assembly.budget import measure_budget
from ntaa_tf.assembly.data import prepare_data
from ntaa_tf.assembly.feasibility import estimate_training
from ntaa_tf.assembly.inputs import build_source
from ntaa_tf.assembly.inputs import find_inputs
from ntaa_tf.assembly.inputs import keep_source
from ntaa_tf.assembly.job import BASELINE
from ntaa_tf.assembly.job import Job
from ntaa_tf.assembly.job import make_supernet
from ntaa_tf.assembly.runs import claim_workdir
from ntaa_tf.assembly.runs import find_versions
from ntaa_tf.assembly.runs import open_workdir
from ntaa_tf.assembly.runs import write_command
from ntaa_tf.assembly.streams import check_replicas
from ntaa_tf.assembly.supernet_directory import FLAG
from ntaa_tf.assembly.supernet_directory import STAGE
from ntaa_tf.assembly.supernet_directory import find_super
from ntaa_tf.assembly.supernet_directory import open_super
from ntaa_tf.assembly.task import make_task
from ntaa_tf.distribute import check_alike
from ntaa_tf.distribute import enter_strategy
from ntaa_tf.distribute import share_directory
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import make_baseline
from ntaa_tf.recipe import shrink
from ntaa_tf.search.inspection import describe_search
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.stages.choosing import guard
from ntaa_tf.stages.choosing import tune
from ntaa_tf.stages.evaluate import evaluate
from ntaa_tf.stages.plan import MEASURING
from ntaa_tf.stages.plan import Stages
from ntaa_tf.stages.plan import list_training
from ntaa_tf.stages.plan import run_stages
from ntaa_tf.stages.report import report
from ntaa_tf.stages.supernet import learn_without_labels
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.run_directory import METRICS_FILE
from ntaa_tf.storage.run_directory import RESULT_FILE
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.storage.run_directory import claim
from ntaa_tf.storage.run_directory import read_metrics
from ntaa_tf.training.machine import find_peak_memory
from ntaa_tf.training.machine import make_deterministic

# What evaluation gives, of which models there are.
EVALUATED = ("source", "searched", "adapted", BASELINE)
SEARCH_METRICS = ("gap", "collapse_difference", "target_labels")
CHOICES = TUNE, GUARD = "tune", "guard"

logger = logging.getLogger(__name__)


def run(recipe: Recipe) -> dict[str, Any]:
    """Adapt a source model to a data set: all that `adapt` does.

    Every stage is kept in the work directory. A stage whose result is there
    is not run again, so the same recipe goes on where it stopped. One run at
    a time is in a work directory.

    Args:
        recipe: what to do.

    Returns:
        What `metrics.json` holds.

    Raises:
        ValueError: if a choice can't be followed; before any training.
        DivergenceError: if a loss is no longer finite.
    """
    finished = _read_finished(recipe)
    if finished is not None:
        return finished
    if recipe.deterministic:
        make_deterministic()
    strategy = enter_strategy(recipe.distribute)  # Before all else.
    info, raw, size = find_inputs(recipe)
    with (
        strategy,
        claim_workdir(recipe) as kept,
        share_directory(kept) as path,
    ):
        check_alike("flags", recipe.to_dict())
        workdir = open_workdir(recipe, path)
        command = write_command(recipe)
        recipe = shrink(recipe)
        dataset = prepare_data(recipe, raw, size, path, recipe.train_examples)
        check_replicas(recipe, dataset)
        source = keep_source(recipe, info, size, dataset, workdir)
        job = Job(recipe, source, dataset, path)
        plain = finetune_plainly(job, workdir) if recipe.compares else {}
        metrics = summarize(recipe, adapt(job, workdir), plain, workdir)
        report(job, metrics, command)
        write_json(path / METRICS_FILE, metrics)
        logger.info("all of it is in %s; open report.html there", path)
        return metrics


def _read_finished(recipe: Recipe) -> dict[str, Any] | None:
    """Read what a finished run gave, if that is what the recipe names.

    A worker that is started again can't wait for others, which have ended.
    """
    path = Path(recipe.workdir or "")
    if recipe.workdir is None or not (path / METRICS_FILE).exists():
        return None
    open_workdir(recipe, path)
    return read_metrics(path)


def pretrain(recipe: Recipe) -> dict[str, list[float]]:
    """Train a supernet without labels, which tasks then share.

    Args:
        recipe: of the method `unsupervised`, with the directory of the
            supernet; the training images of its data set are learnt from.

    Returns:
        The loss after each epoch; nothing if the supernet was there.

    Raises:
        ValueError: if a choice can't be followed, or a supernet of other
            choices is there.
    """
    kept = Path(str(recipe.supernet))
    if has_supernet(kept):  # No other worker is needed.
        _, _, size = find_inputs(recipe)
        open_super(shrink(recipe), size, kept)
        return {}
    if recipe.deterministic:
        make_deterministic()
    strategy = enter_strategy(recipe.distribute)  # Before all else.
    _, raw, size = find_inputs(recipe)
    recipe = shrink(recipe)
    with strategy, share_directory(kept, FLAG) as path, claim(path, FLAG):
        check_alike("flags", recipe.to_dict())
        open_super(recipe, size, path)
        if has_supernet(path):
            return {}
        dataset = prepare_data(recipe, raw, size, path, recipe.train_examples)
        check_replicas(recipe, dataset)
        return learn_without_labels(recipe, dataset, size, path)


def inspect(recipe: Recipe) -> str:
    """Describe what a run would search and what it would cost, untrained."""
    info, raw, size = find_inputs(recipe)
    source = build_source(recipe, info, size, raw, trained=False)
    supernet = make_supernet(recipe, source)
    memory = [estimate_training(recipe, model) for model in (source, supernet)]
    return describe_search(source, supernet, recipe.batch_size, memory)


def finetune_plainly(job: Job, workdir: RunDirectory) -> dict[str, Any]:
    """Finetune the source's own architecture for as many epochs, to compare.

    Where it has to be run again, so has what was compared with it.

    Returns:
        What each stage gave, by its name.
    """
    beside = job.beside(make_baseline(job.recipe), job.path / BASELINE)
    kept = open_workdir(beside.recipe, beside.path)
    stages = {**list_choosing(beside.recipe), "evaluate": evaluate}
    if not all(map(kept.has_run, stages)):
        # The guard may have put the other one's model in its place.
        guarded = ("finetune", GUARD) if job.recipe.guard else ()
        workdir.forget([*guarded, *MEASURING])
    return run_stages(stages, beside, kept)


def adapt(job: Job, workdir: RunDirectory) -> dict[str, Any]:
    """Search, collapse, finetune, evaluate and export, by the method.

    Returns:
        What each stage gave, by its name.
    """
    if not has_supernet(find_super(job.recipe, job.path)):
        workdir.retract(STAGE)  # It may have been kept, and be gone.
    stages = {**list_choosing(job.recipe), **MEASURING}
    return run_stages(stages, job, workdir)


def summarize(
    recipe: Recipe,
    results: dict[str, Any],
    plain: dict[str, Any],
    workdir: RunDirectory,
) -> dict[str, Any]:
    """Collect from the stages' results what `metrics.json` holds.

    Args:
        recipe: of the run.
        results: of its stages.
        plain: of the stages of plain finetuning, if it was run.
        workdir: of the run.
    """
    search = results.get("search", {})
    built = read_json(workdir.path / "source" / RESULT_FILE)
    seconds = {"source": built["seconds"]}
    evaluated = dict(results["evaluate"])
    if plain:
        seconds[BASELINE] = sum(list_seconds(plain).values())
        # Its costs were measured beside the others' again.
        measured = evaluated.get(BASELINE, {})
        evaluated[BASELINE] = plain["evaluate"]["adapted"] | measured
    seconds |= list_seconds(results)
    task = make_task(recipe)
    return {
        "dataset": recipe.dataset,
        "model": recipe.model,
        "method": recipe.method,
        "score": task.score,
        **task.conditions,
        **{name: evaluated[name] for name in EVALUATED if name in evaluated},
        **{name: search[name] for name in SEARCH_METRICS if name in search},
        **measure_budget(search, evaluated["adapted"]),
        **{name: results[name] for name in CHOICES if name in results},
        "export_difference": results["export"]["difference"],
        "exports": results["export"]["formats"],
        "seconds": seconds,
        "peak_memory_mib": find_peak_memory() // 2**20,
        "seed": recipe.seed,
        "versions": find_versions(),
    }


def list_seconds(results: dict[str, Any]) -> dict[str, float]:
    """List how long each stage took, tuning without what it kept."""
    return {
        name: kept.get("other_seconds", kept["seconds"])
        for name, kept in results.items()
    }


def list_choosing(recipe: Recipe) -> Stages:
    """List the stages that end with what is measured."""
    stages: Stages = {TUNE: tune} if recipe.tune > 1 else {}
    stages |= list_training(recipe.plan)
    return {**stages, GUARD: guard} if recipe.guard else stages
