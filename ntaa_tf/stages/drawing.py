"""The stage that takes an architecture that was not searched."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from ntaa_tf.methods import RANDOM
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.joint import Supernet
from ntaa_tf.stages.budgeting import make_budget
from ntaa_tf.stages.deriving import keep_collapsed
from ntaa_tf.stages.deriving import settle_architecture
from ntaa_tf.stages.job import Job
from ntaa_tf.stages.job import make_supernet
from ntaa_tf.stages.picturing import log_picture

DRAWS = 1000


def draw(job: Job, directory: Path) -> dict[str, Any]:
    """Draw an architecture uniformly, or take the one that is given.

    Args:
        job: what the stages share.
        directory: gets `architecture.json` and `collapsed.keras`, as from a
            search that trained nothing.

    Returns:
        The `collapse_difference` of the logits; and, where there is a
        `budget`, what it says.
    """
    keras.utils.set_random_seed(job.recipe.seed)
    supernet = make_supernet(job.recipe, job.source)
    budget = make_budget(job.recipe, job.source, supernet, job.source_path)
    if job.recipe.plan.search == RANDOM:
        draw_uniformly(supernet, budget, job.recipe.seed)
    architecture, costs = settle_architecture(supernet, budget, directory)
    log_picture(job, architecture, directory)
    difference = keep_collapsed(job, supernet, architecture, directory)
    return {"collapse_difference": difference, **costs}


def draw_uniformly(
    supernet: Supernet, budget: Budget | None, seed: int
) -> None:
    """Make a supernet compute an architecture drawn from all that are allowed.

    Raises:
        ValueError: if none of many draws keeps the budget.
    """
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        drawn = {
            choice.name: choice.draw_option(rng) for choice in supernet.choices
        }
        if budget is None or budget.keeps(drawn):
            break
    else:
        raise ValueError(
            "Invalid budget. Expected limits that some of "
            f"{DRAWS} architectures drawn at random keep. Received: "
            f"{budget.limits if budget else None}."
        )
    for choice in supernet.choices:
        choice.choose(drawn[choice.name])
