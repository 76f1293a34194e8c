"""The story of a run, from a source model to an adapted one, top to bottom."""

import functools
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf.architecture import Architecture
from ntaa_tf.feasibility import estimate_training
from ntaa_tf.files import read_json
from ntaa_tf.files import write_json
from ntaa_tf.inputs import build_source
from ntaa_tf.inputs import find_inputs
from ntaa_tf.inputs import keep_source
from ntaa_tf.inputs import prepare_data
from ntaa_tf.machine import find_peak_memory
from ntaa_tf.recipe import Recipe
from ntaa_tf.report import draw_architecture
from ntaa_tf.report import write_report
from ntaa_tf.runs import find_versions
from ntaa_tf.runs import name_workdir
from ntaa_tf.runs import open_workdir
from ntaa_tf.runs import shorten_names
from ntaa_tf.search.inspection import describe_search
from ntaa_tf.stages.budgeting import measure_budget
from ntaa_tf.stages.evaluation import evaluate
from ntaa_tf.stages.exporting import export
from ntaa_tf.stages.finetuning import finetune
from ntaa_tf.stages.job import Job
from ntaa_tf.stages.searching import ARCHITECTURE_FILE
from ntaa_tf.stages.searching import make_supernet
from ntaa_tf.stages.searching import search
from ntaa_tf.workdir import RESULT_FILE
from ntaa_tf.workdir import WorkDirectory

SEARCH_METRICS = ("gap", "collapse_difference")
METRICS_FILE = "metrics.json"


def run(recipe: Recipe) -> dict[str, Any]:
    """Adapt a source model to a data set: all that `adapt` does.

    Every stage is kept in the work directory. A stage whose result is there
    is not run again, so the same recipe goes on where it stopped.

    Args:
        recipe: what to do.

    Returns:
        What `metrics.json` holds.

    Raises:
        ValueError: if a choice can't be followed; before any training.
        DivergenceError: if a loss is no longer finite.
    """
    info, raw, size = find_inputs(recipe)
    workdir = open_workdir(recipe, name_workdir(recipe))
    if (workdir.path / METRICS_FILE).exists():
        return read_json(workdir.path / METRICS_FILE)

    recipe = recipe.shrunk()
    dataset = prepare_data(recipe, raw, size, workdir.path)
    source = keep_source(recipe, info, size, dataset, workdir)
    baseline = {}
    if recipe.compares:
        baseline = finetune_plainly(recipe, source, dataset, workdir)
    results = adapt(recipe, source, dataset, workdir)
    metrics = summarize(recipe, results, workdir) | baseline
    report(recipe, metrics, workdir)
    write_json(workdir.path / METRICS_FILE, metrics)
    return metrics


def inspect(recipe: Recipe) -> str:
    """Describe what a run would search and what it would cost, untrained."""
    info, raw, size = find_inputs(recipe)
    source = build_source(
        recipe, info, size, len(raw.class_names), trained=False
    )
    supernet = make_supernet(recipe, source)
    memory = [estimate_training(recipe, model) for model in (source, supernet)]
    return describe_search(source, supernet, recipe.batch_size, memory)


def finetune_plainly(
    recipe: Recipe,
    source: keras.Model,
    dataset: data.ImageDataset,
    workdir: WorkDirectory,
) -> dict[str, Any]:
    """Finetune the source's own architecture for as many epochs, to compare."""
    plain = recipe.as_baseline()
    beside = open_workdir(plain, workdir.path / "baseline")
    job = Job(plain, source, dataset, beside.path)
    results = _run_stages([finetune, evaluate], job, beside)
    return {"baseline": results["evaluate"]["adapted"]}


def adapt(
    recipe: Recipe,
    source: keras.Model,
    dataset: data.ImageDataset,
    workdir: WorkDirectory,
) -> dict[str, Any]:
    """Search, collapse, finetune, evaluate and export, by the method.

    Returns:
        What each stage gave, by its name.
    """
    job = Job(recipe, source, dataset, workdir.path)
    stages = [finetune, evaluate, export]
    if recipe.method == "ntaa":
        stages.insert(0, search)
    return _run_stages(stages, job, workdir)


def summarize(
    recipe: Recipe, results: dict[str, Any], workdir: WorkDirectory
) -> dict[str, Any]:
    """Collect from the stages' results what `metrics.json` holds."""
    search = results.get("search", {})
    built = read_json(workdir.path / "source" / RESULT_FILE)
    seconds = {"source": built["seconds"]}
    seconds |= {name: kept["seconds"] for name, kept in results.items()}
    adapted = results["evaluate"]["adapted"]
    return {
        "dataset": recipe.dataset,
        "model": recipe.model,
        "method": recipe.method,
        "source": results["evaluate"]["source"],
        "adapted": adapted,
        **{name: search[name] for name in SEARCH_METRICS if name in search},
        **measure_budget(search, adapted),
        "export_difference": results["export"]["difference"],
        "seconds": seconds,
        "peak_memory_mib": find_peak_memory() // 2**20,
        "seed": recipe.seed,
        "versions": find_versions(),
    }


def report(
    recipe: Recipe, metrics: dict[str, Any], workdir: WorkDirectory
) -> None:
    """Draw the architecture and write the page a person looks at."""
    path = workdir.path
    architecture = Architecture({})
    history: dict[str, list[float]] = {}
    for stage in ("search", "finetune"):
        if (path / stage).exists():
            result = read_json(path / stage / RESULT_FILE)
            history |= {
                f"{stage}_{name}": values
                for name, values in result["history"].items()
            }
    if recipe.method == "ntaa":
        text = (path / "search" / ARCHITECTURE_FILE).read_text("utf-8")
        architecture = Architecture.from_json(text)
        draw_architecture(architecture, path / "architecture.png")
    write_report(
        path / "report.html",
        "{model} adapted to {dataset}".format(**shorten_names(recipe)),
        recipe.to_dict(),
        metrics,
        history,
        architecture,
    )


def _run_stages(
    stages: Sequence[Callable[[Job, Path], dict[str, Any]]],
    job: Job,
    workdir: WorkDirectory,
) -> dict[str, Any]:
    """Run the stages that have no result yet; give all results by name."""
    return {
        stage.__name__: workdir.run_once(
            stage.__name__, functools.partial(stage, job)
        )
        for stage in stages
    }
