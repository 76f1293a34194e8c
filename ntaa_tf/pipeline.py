"""The story of a run, from a source model to an adapted one, top to bottom."""

import dataclasses
import hashlib
import importlib.metadata
import json
import re
from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf import zoo
from ntaa_tf.architecture import Architecture
from ntaa_tf.budgeting import check_budget
from ntaa_tf.budgeting import measure_budget
from ntaa_tf.feasibility import check_accumulation
from ntaa_tf.feasibility import check_memory
from ntaa_tf.feasibility import estimate_training
from ntaa_tf.files import read_json
from ntaa_tf.files import write_json
from ntaa_tf.graph.precision import set_precision
from ntaa_tf.job import ARCHITECTURE_FILE
from ntaa_tf.job import Job
from ntaa_tf.job import make_supernet
from ntaa_tf.job import save_model
from ntaa_tf.machine import find_peak_memory
from ntaa_tf.recipe import Recipe
from ntaa_tf.report import draw_architecture
from ntaa_tf.report import write_report
from ntaa_tf.search.inspection import describe_search
from ntaa_tf.search.supernet import choose_sites
from ntaa_tf.tasks.classification import attach_classifier
from ntaa_tf.workdir import RESULT_FILE
from ntaa_tf.workdir import WorkDirectory

LIBRARIES = ("ntaa-tf", "keras", "tensorflow", "tensorflow-cpu", "numpy")
SEARCH_METRICS = ("gap", "collapse_difference")
METRICS_FILE = "metrics.json"
SMOKE_EXAMPLES = 32


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
    workdir = _open_workdir(recipe, name_workdir(recipe))
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


def find_inputs(
    recipe: Recipe,
) -> tuple[zoo.SourceInfo, data.RawDataset, int]:
    """Find the source model and the data set, and the image size for both."""
    info = zoo.find_source(recipe.model, recipe.weights, recipe.preprocessing)
    raw = data.open_dataset(recipe.dataset, recipe.data_dir)
    size = recipe.image_size or zoo.choose_image_size(info, raw.image_size)
    return info, raw, size


def prepare_data(
    recipe: Recipe, raw: data.RawDataset, image_size: int, path: Path
) -> data.ImageDataset:
    """Split and decode the data; few images in a smoke run."""
    few = max(SMOKE_EXAMPLES, 2 * len(raw.class_names))
    return data.prepare(
        raw,
        image_size,
        recipe.validation_share,
        recipe.seed,
        train_examples=few if recipe.smoke else recipe.train_examples,
        evaluation_examples=few if recipe.smoke else None,
        cache_dir=path / "data",
    )


def build_source(
    recipe: Recipe,
    info: zoo.SourceInfo,
    image_size: int,
    num_classes: int,
    trained: bool = True,
) -> keras.Model:
    """Load the source model and put the new task's classifier on it."""
    keras.utils.set_random_seed(recipe.seed)
    features = zoo.load_source(info, image_size, trained)
    set_precision(features)  # A file's layers may bring another.
    return attach_classifier(features, num_classes, recipe.seed)


def keep_source(
    recipe: Recipe,
    info: zoo.SourceInfo,
    image_size: int,
    dataset: data.ImageDataset,
    workdir: WorkDirectory,
) -> keras.Model:
    """Build the source once; from then on it is the work directory's own.

    What can be refused of the search is refused here, before any training.
    """

    def build(directory: Path) -> dict[str, Any]:
        check_accumulation(recipe, dataset)
        source = build_source(recipe, info, image_size, dataset.num_classes)
        trained = source
        if recipe.method == "ntaa":
            choose_sites(
                source, recipe.candidates, recipe.sites, recipe.skip_inputs
            )
            trained = make_supernet(recipe, source)
        check_memory(recipe, trained)
        if recipe.limits:
            check_budget(recipe, source, trained, directory)
        save_model(source, directory / "source.keras")
        return {"image_size": image_size, **dataclasses.asdict(info)}

    workdir.run_once("source", build)
    return keras.models.load_model(workdir.path / "source" / "source.keras")


def finetune_plainly(
    recipe: Recipe,
    source: keras.Model,
    dataset: data.ImageDataset,
    workdir: WorkDirectory,
) -> dict[str, Any]:
    """Finetune the source's own architecture for as many epochs, to compare."""
    plain = recipe.as_baseline()
    beside = _open_workdir(plain, workdir.path / "baseline")
    job = Job(plain, source, dataset, beside.path)
    beside.run_once("finetune", job.finetune)
    return {"baseline": beside.run_once("evaluate", job.evaluate)["adapted"]}


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
    results = {}
    if recipe.method == "ntaa":
        results["search"] = workdir.run_once("search", job.search)
    results["finetune"] = workdir.run_once("finetune", job.finetune)
    results["evaluate"] = workdir.run_once("evaluate", job.evaluate)
    results["export"] = workdir.run_once("export", job.export)
    return results


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
        "{model} adapted to {dataset}".format(**_shorten(recipe)),
        recipe.to_dict(),
        metrics,
        history,
        architecture,
    )


def name_workdir(recipe: Recipe) -> Path:
    """Give the work directory, by default one named after the recipe.

    Choices that are neither defaults nor in the name are in a digest at its
    end, so that each recipe has a directory of its own.
    """
    if recipe.workdir is not None:
        return Path(recipe.workdir)
    named = {
        **_shorten(recipe),
        "method": recipe.method,
        "seed": f"seed{recipe.seed}",
    }
    others = {
        name: value
        for name, value in recipe.to_dict().items()
        if name not in named and value != Recipe().to_dict()[name]
    }
    words = [re.sub(r"\W+", "_", word) for word in named.values()]
    if others:
        text = json.dumps(others, sort_keys=True)
        words.append(hashlib.sha256(text.encode()).hexdigest()[:6])
    return Path("runs") / "-".join(words)


def _shorten(recipe: Recipe) -> dict[str, str]:
    """Name the model and the data set without the paths of their files."""
    return {
        "model": Path(recipe.model).stem,
        "dataset": Path(recipe.dataset.removeprefix("folder:")).name,
    }


def find_versions() -> dict[str, str]:
    """Give the versions of the libraries that decide the numbers."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _open_workdir(recipe: Recipe, path: Path) -> WorkDirectory:
    choices = recipe.to_dict()
    del choices["workdir"]
    return WorkDirectory(path, choices, find_versions())
