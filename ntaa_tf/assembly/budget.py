"""The budget of a recipe: limits on the costs of its derived model."""

import dataclasses
from pathlib import Path
from typing import Any

import keras

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
from ntaa_tf.tasks.task import Task

LATENCY = "latency_ms"
LATENCY_FILE = "latency.json"


def measure_limited_latency(
    recipe: Recipe,
    source: keras.Model,
    supernet: Supernet,
    task: Task,
    directory: Path,
) -> None:
    """Measure the latency of every candidate, if the recipe limits latency.

    Args:
        recipe: recipe of the run.
        source: source model.
        supernet: supernet of the source model.
        task: task of the recipe.
        directory: directory that gets the measurements.
    """
    if LATENCY in recipe.limits.by_cost:
        table = measure_latency_table(*_finish(source, supernet, task))
        # Each worker measures for itself; the chief's measurements count.
        write_json(directory / LATENCY_FILE, agree(dataclasses.asdict(table)))


def build_budget(
    recipe: Recipe,
    source: keras.Model,
    supernet: Supernet,
    task: Task,
    directory: Path,
) -> Budget | None:
    """Build the budget of a recipe; None where it has no limits.

    Args:
        recipe: recipe of the run.
        source: source model; a limit may be a share of its costs.
        supernet: supernet of the source model.
        task: task of the recipe.
        directory: directory in which `measure_limited_latency` has written.

    Raises:
        ValueError: if no architecture keeps the limits.
    """
    limits = recipe.limits.by_cost
    if not limits:
        return None
    source, supernet = _finish(source, supernet, task)
    costs: dict[str, Any] = dataclasses.asdict(measure_cost(source))
    table = None
    if LATENCY in limits:
        table = LatencyTable(**read_json(directory / LATENCY_FILE))
        costs[LATENCY] = table.source
    # The source has no weight-free site; a share is a share of all sites.
    costs["weight_free"] = sum(
        isinstance(choice, MixedOp) for choice in supernet.choices
    )
    resolved = {
        name: limit.resolve(costs[name]) for name, limit in limits.items()
    }
    return Budget(supernet, resolved, table)


def _finish(
    source: keras.Model, supernet: Supernet, task: Task
) -> tuple[keras.Model, Supernet]:
    """Return both models as the task hands them over.

    A classifier that the task cuts off does not count for the costs.
    """
    finished = task.finish(supernet)
    if finished is not supernet:
        supernet = Supernet(*single_or_list(finished))
    return task.finish(source), supernet
