"""The search space of a run: its supernet and its budget, built together."""

from dataclasses import dataclass
from pathlib import Path

import keras

from ntaa_tf.assembly.budget import build_budget
from ntaa_tf.assembly.budget import measure_limited_latency
from ntaa_tf.assembly.checks import check_memory
from ntaa_tf.assembly.supernet import build_supernet
from ntaa_tf.assembly.supernet_directory import check_shared_supernet
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.methods import GIVEN
from ntaa_tf.recipe.methods import RANDOM
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.insert import choose_sites
from ntaa_tf.search.sampling import draw_uniformly
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.tasks.task import Task


@dataclass(frozen=True)
class SearchSpace:
    """All architectures that a run may derive.

    Args:
        supernet: supernet of the source model; a search trains it.
        budget: limits on the costs of the derived architecture, if any.
    """

    supernet: Supernet
    budget: Budget | None


def build_search_space(
    recipe: Recipe, source: keras.Model, task: Task, directory: Path
) -> SearchSpace:
    """Build the supernet and the budget of a recipe.

    Args:
        recipe: recipe of the run.
        source: source model with the task's head.
        task: task of the recipe.
        directory: directory with measured latencies.
    """
    supernet = build_supernet(recipe, source, task)
    budget = build_budget(recipe, source, supernet, task, directory)
    return SearchSpace(supernet, budget)


def check_search_space(
    recipe: Recipe, source: keras.Model, task: Task, directory: Path
) -> SearchSpace:
    """Build the search space, and check that a run can use it.

    Args:
        recipe: recipe of the run.
        source: source model with the task's head.
        task: task of the recipe.
        directory: directory that gets measured latencies.

    Raises:
        ValueError: if there are no sites, a shared supernet is of another
            source, memory does not suffice, or no architecture keeps the
            limits.
    """
    plan, search = recipe.adaptation.plan, recipe.search
    if plan.self_supervises:
        check_shared_supernet(recipe, source)
    # Called for its errors, such as no site at all. A given architecture names
    # its sites, and cells have none.
    if plan.search != GIVEN and not recipe.source.has_cells:
        choose_sites(
            source, search.candidates, search.sites, search.skip_inputs
        )
    supernet = build_supernet(recipe, source, task)
    check_memory(recipe, supernet if plan.trains_supernet else source)
    measure_limited_latency(recipe, source, supernet, task, directory)
    budget = build_budget(recipe, source, supernet, task, directory)
    # Called for its error. The stage `search` draws the same architecture.
    if plan.search == RANDOM:
        draw_uniformly(supernet, budget, recipe.output.seed)
    return SearchSpace(supernet, budget)
