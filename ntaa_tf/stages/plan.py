"""Which stages a method has."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ntaa_tf.assembly.job import Job
from ntaa_tf.assembly.supernet_directory import STAGE
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.recipe.methods import TRANSFER
from ntaa_tf.recipe.methods import Method
from ntaa_tf.stages.evaluate import evaluate
from ntaa_tf.stages.export import export
from ntaa_tf.stages.finetune import finetune
from ntaa_tf.stages.sample import draw
from ntaa_tf.stages.search import search
from ntaa_tf.stages.supernet import self_supervise
from ntaa_tf.stages.transfer import transfer
from ntaa_tf.storage.run_directory import RunDirectory

Stages = dict[str, Callable[[Job, Path], dict[str, Any]]]


def list_training(method: Method) -> Stages:
    """List the stages that end with `adapted.keras`, by their names."""
    stages: Stages = {}
    if method.self_supervises:
        stages[STAGE] = self_supervise
    if method.search != NOTHING:
        stages["search"] = search if method.trains_supernet else draw
    if method.weights == TRANSFER:
        stages["pretrain"] = transfer
    return {**stages, "finetune": finetune}


def run_stages(
    stages: Stages, job: Job, workdir: RunDirectory
) -> dict[str, Any]:
    """Run the stages that have no result yet; give all results by name.

    Where one has been deleted, those after it are run again as well.
    """
    if "tune" in stages and not all(
        map(workdir.has_run, list_training(job.recipe.plan))
    ):
        workdir.retract("tune")  # It copies them from where it tried them.
    results = {}
    for index, (name, stage) in enumerate(stages.items(), start=1):
        if not workdir.has_run(name):
            workdir.forget(list(stages)[index:])
        results[name] = workdir.run_once(name, functools.partial(stage, job))
    return results


MEASURING: Stages = {"evaluate": evaluate, "export": export}
