"""The stage that takes an architecture that was not searched."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.budget import make_budget
from ntaa_tf.assembly.job import Job
from ntaa_tf.assembly.job import make_supernet
from ntaa_tf.recipe.methods import RANDOM
from ntaa_tf.search.sampling import draw_uniformly
from ntaa_tf.stages.deriving import keep_collapsed
from ntaa_tf.stages.deriving import settle_architecture
from ntaa_tf.stages.picturing import log_picture


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
