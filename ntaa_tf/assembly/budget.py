"""The budget of a recipe: what its derived model may cost."""

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.task import make_task
from ntaa_tf.costs.latency_table import LatencyTable
from ntaa_tf.costs.latency_table import measure_latency_table
from ntaa_tf.distribute import agree
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json

LATENCY_FILE = "latency.json"

logger = logging.getLogger(__name__)


def check_budget(
    recipe: Recipe, source: keras.Model, supernet: Supernet, directory: Path
) -> Budget | None:
    """Make the budget of a recipe for the first time, None if it has none.

    Args:
        recipe: the choices.
        source: the source model.
        supernet: what was made of it.
        directory: where the latencies of all candidates are kept, measured
            anew, if the recipe limits the latency.

    Raises:
        ValueError: if no architecture keeps the limits.
    """
    if "latency_ms" in recipe.limits:
        table = measure_latency_table(*_finish(recipe, source, supernet))
        # Workers measure different ones.
        write_json(directory / LATENCY_FILE, agree(dataclasses.asdict(table)))
    return make_budget(recipe, source, supernet, directory)


def make_budget(
    recipe: Recipe, source: keras.Model, supernet: Supernet, directory: Path
) -> Budget | None:
    """Make the budget of a recipe, None if it has none.

    Args:
        recipe: the choices.
        source: the source model; limits may be shares of its costs.
        supernet: what was made of it.
        directory: where `check_budget` keeps latencies.

    Raises:
        ValueError: if no architecture keeps the limits.
    """
    limits = recipe.limits
    if not limits:
        return None
    source, supernet = _finish(recipe, source, supernet)
    costs: dict[str, Any] = dataclasses.asdict(measure_cost(source))
    table = None
    if "latency_ms" in limits:
        table = LatencyTable(**read_json(directory / LATENCY_FILE))
        costs["latency_ms"] = table.source
    # Of all sites a share is taken here, of what the source has elsewhere.
    costs["weight_free"] = sum(
        isinstance(choice, MixedOp) for choice in supernet.choices
    )
    resolved = {
        name: limit.resolve(costs[name]) for name, limit in limits.items()
    }
    return Budget(supernet, resolved, table)


def _finish(
    recipe: Recipe, source: keras.Model, supernet: Supernet
) -> tuple[keras.Model, Supernet]:
    """Give both as they would be handed back: what is cut off costs nothing."""
    task = make_task(recipe)
    finished = task.finish(supernet)
    if finished is not supernet:
        supernet = Supernet(*single_or_list(finished))
    return task.finish(source), supernet


def describe_budget(
    budget: Budget, architecture: Architecture
) -> dict[str, dict[str, float]]:
    """Give the limit of each cost, and what the architecture will cost."""
    derived = budget.predict(architecture)
    for name, cost in derived.items():
        logger.info(
            "%s: %s, of at most %s",
            name,
            format(cost, ",.10g"),
            format(budget.limits[name], ",.10g"),
        )
    return {
        name: {
            "source": budget.source[name],
            "limit": budget.limits[name],
            "derived": cost,
        }
        for name, cost in derived.items()
    }


def measure_budget(
    search: Mapping[str, Any], adapted: Mapping[str, Any]
) -> dict[str, Any]:
    """Add to what the search says of its budget what was measured.

    Args:
        search: what the search gave.
        adapted: the measured costs of the adapted model.

    Returns:
        Under `budget`, for each limited cost, that of the `source`, its
        `limit`, and what it is as `derived` and, where the model shows it,
        as `measured`; nothing if
        there was no budget. The first three latencies are of one time, the
        last is of another, at which the source was measured again.
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
