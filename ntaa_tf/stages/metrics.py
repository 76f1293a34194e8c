"""The metrics of a run, collected from the results of its stages."""

from collections.abc import Mapping
from typing import Any

from ntaa_tf.assembly.assembly import BASELINE
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.run_directory import find_versions
from ntaa_tf.assembly.source import STAGE as SOURCE_STAGE
from ntaa_tf.storage.run_metrics import RunMetrics
from ntaa_tf.training.machine import find_peak_memory

# The models that evaluation measures.
EVALUATED = ("source", "searched", "adapted", BASELINE)
SEARCH_METRICS = ("gap", "collapse_difference", "target_labels")
CHOICES = ("tune", "guard")


def collect_metrics(
    assembly: Assembly,
    results: Mapping[str, Any],
    plain: Mapping[str, Any],
) -> RunMetrics:
    """Collect the metrics of a run.

    Args:
        assembly: what the stages share.
        results: results of the stages, by name.
        plain: results of the baseline's stages; empty without a baseline.
    """
    recipe, search = assembly.recipe, results.get("search", {})
    source = assembly.run_directory.read_result(SOURCE_STAGE)
    seconds = {SOURCE_STAGE: source["seconds"]}
    evaluated = dict(results["evaluate"])
    if plain:
        seconds[BASELINE] = sum(count_seconds(plain).values())
        # Its latency was measured again in turns with the others'.
        measured = evaluated.get(BASELINE, {})
        evaluated[BASELINE] = plain["evaluate"]["adapted"] | measured
    seconds |= count_seconds(results)
    collected = {
        "dataset": recipe.data.dataset,
        "model": recipe.source.model,
        "method": recipe.adaptation.method,
        "score": assembly.task.score,
        **assembly.task.conditions,
        **{name: evaluated[name] for name in EVALUATED if name in evaluated},
        **{name: search[name] for name in SEARCH_METRICS if name in search},
        **_compare_budget(search, evaluated["adapted"]),
        **{name: results[name] for name in CHOICES if name in results},
        "export_difference": results["export"]["difference"],
        "exports": results["export"]["formats"],
        "seconds": seconds,
        "peak_memory_mib": find_peak_memory() // 2**20,
        "seed": recipe.output.seed,
        "versions": find_versions(),
    }
    return RunMetrics.from_json(collected)


def count_seconds(results: Mapping[str, Any]) -> dict[str, float]:
    """List the duration of each stage; trials count without the kept one."""
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
        Under `budget`, for each limited cost, that of the `source`, its
        `limit`, the `derived` prediction and, where the model shows it, the
        `measured` cost; nothing without a budget. The measured latency is of
        another moment than the three others.
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
