"""The stages of each method, and how they are run."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.supernet_directory import SUPERNET_STAGE
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.recipe.methods import TRANSFER
from ntaa_tf.recipe.methods import Method
from ntaa_tf.stages.evaluate import evaluate
from ntaa_tf.stages.export import export
from ntaa_tf.stages.finetune import finetune
from ntaa_tf.stages.sample import sample_architecture
from ntaa_tf.stages.search import search
from ntaa_tf.stages.supernet import provide_supernet
from ntaa_tf.stages.transfer import transfer

# Function of the assembly and of the stage's directory that returns its result.
Stage = Callable[[Assembly, Path], dict[str, Any]]
Stages = dict[str, Stage]

MEASURING: Stages = {"evaluate": evaluate, "export": export}


def list_training(plan: Method) -> Stages:
    """List the stages that train, by name; the last writes the network.

    Args:
        plan: plan of the recipe's method.
    """
    stages: Stages = {}
    if plan.self_supervises:
        stages[SUPERNET_STAGE] = provide_supernet
    if plan.search != NOTHING:
        stages["search"] = (
            search if plan.trains_supernet else sample_architecture
        )
    if plan.weights == TRANSFER:
        stages["transfer"] = transfer
    return {**stages, "finetune": finetune}


def run_stages(stages: Stages, assembly: Assembly) -> dict[str, Any]:
    """Run the stages that have no result yet, and read the other results.

    If the user deleted a stage, it runs again, and so do all stages after it.

    Args:
        stages: stages in their order, by name.
        assembly: what the stages share.

    Returns:
        The results of all stages, by name.
    """
    run_directory = assembly.run_directory
    results = {}
    for index, (name, stage) in enumerate(stages.items(), start=1):
        if not run_directory.has_result(name):
            run_directory.remove_stages(list(stages)[index:])
        run = functools.partial(stage, assembly)
        results[name] = run_directory.run_stage(name, run)
    return results
