"""The metrics of a run, collected from the results of its stages."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ntaa_tf.assembly.assembly import HAND_OVER
from ntaa_tf.assembly.assembly import TEACHER
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.run_directory import find_versions
from ntaa_tf.assembly.source import SOURCE_STAGE
from ntaa_tf.data.retrieval import Trial
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.values import CLASSIFICATION
from ntaa_tf.recipe.values import SEARCHED
from ntaa_tf.report import judge
from ntaa_tf.storage.run_metrics import BASELINE
from ntaa_tf.storage.run_metrics import RunMetrics
from ntaa_tf.training.machine import find_peak_memory

# Names that metrics take over from the results: models from `evaluate`, numbers
# from `search`, and the stages that choose between models.
EVALUATED = (
    *("source", "collapsed", SEARCHED, BASELINE, "adapted"),
    "difference",
)
SEARCH_METRICS = ("gap", "judgements", "collapse_difference", "target_labels")
CHOOSING_STAGES = ("tune", HAND_OVER)


def collect_metrics(
    assembly: Assembly,
    results: Mapping[str, Any],
    baseline: Mapping[str, Any],
    teacher: Mapping[str, Any],
) -> RunMetrics:
    """Collect the metrics of a run.

    Args:
        assembly: what the stages share.
        results: results of the stages, by name.
        baseline: results of the baseline's stages; empty without a baseline.
        teacher: results of the stages of a teacher with an image size of its
            own; empty without one.
    """
    recipe, search = assembly.recipe, results.get("search", {})
    source = assembly.run_directory.read_result(SOURCE_STAGE)
    seconds = {SOURCE_STAGE: source["seconds"]}
    evaluated = results["evaluate"]
    if baseline:
        seconds[BASELINE] = sum(count_seconds(baseline).values())
    if teacher:
        seconds[TEACHER] = sum(count_seconds(teacher).values())
    seconds |= count_seconds(results)
    collected = {
        "dataset": recipe.data.dataset,
        "model": recipe.source.model,
        "method": recipe.adaptation.method,
        **_name_teacher(recipe),
        "score": assembly.task.score,
        "data": describe_data(assembly),
        "search_left_out": assembly.left_out,
        **assembly.task.conditions,
        **{name: evaluated[name] for name in EVALUATED if name in evaluated},
        **{name: search[name] for name in SEARCH_METRICS if name in search},
        **_compare_budget(search, evaluated["adapted"]),
        **{name: results[name] for name in CHOOSING_STAGES if name in results},
        "export_difference": results["export"]["difference"],
        "exports": results["export"]["formats"],
        "seconds": seconds,
        "peak_memory_mib": find_peak_memory() // 2**20,
        "seed": recipe.output.seed,
        "versions": find_versions(),
    }
    metrics = RunMetrics.from_json(collected)
    return dataclasses.replace(metrics, verdict=judge(metrics))


def describe_data(assembly: Assembly) -> dict[str, Any]:
    """Count the images of each split, or the queries of retrieval."""
    dataset, test = assembly.dataset, assembly.dataset.test
    if isinstance(test, Trial):
        return {
            "train_images": len(dataset.train.images),
            "validation_images": len(dataset.validation.query.images),
            "test_images": len(test.query.images),
        }
    counts = {
        "train_images": len(dataset.train.images),
        "validation_images": len(dataset.validation.images),
        "test_images": len(test.images),
    }
    if assembly.recipe.data.task != CLASSIFICATION:
        return counts
    largest = np.bincount(test.labels).max()
    return {**counts, "largest_class": float(largest / len(test.labels))}


def _name_teacher(recipe: Recipe) -> dict[str, str]:
    choices = recipe.distillation
    if not choices.distill:
        return {}
    if choices.teacher_image_size is not None:
        return {"teacher": f"source at {choices.teacher_image_size} pixels"}
    return {"teacher": choices.teacher or BASELINE}


def count_seconds(results: Mapping[str, Any]) -> dict[str, float]:
    """List the seconds of each stage.

    For `tune` only the rejected trials count: the stages of the best one are
    stages of the run itself.
    """
    return {
        name: kept.get("other_seconds", kept["seconds"])
        for name, kept in results.items()
    }


def _compare_budget(
    search: Mapping[str, Any], adapted: Mapping[str, Any]
) -> dict[str, Any]:
    """Compare the predicted costs of a budget with the measured ones.

    Args:
        search: result of the search.
        adapted: measured costs of the adapted model.

    Returns:
        Under `budget`, for each limited cost: the cost of the `source`, the
        `limit`, the predicted cost of the `derived` model, and the `measured`
        cost if `adapted` has it. Nothing without a budget. A measured latency
        is of another time than the predicted one.
    """
    if "budget" not in search:
        return {}
    measured = {**adapted, "latency_ms": adapted["latency_ms"]["1"]}
    budget = {
        name: described
        | ({"measured": measured[name]} if name in measured else {})
        for name, described in search["budget"].items()
    }
    return {"budget": budget}
