"""Which stages a method has."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ntaa_tf.methods import NOTHING
from ntaa_tf.methods import TRANSFER
from ntaa_tf.methods import Method
from ntaa_tf.stages.drawing import draw
from ntaa_tf.stages.evaluation import evaluate
from ntaa_tf.stages.exporting import export
from ntaa_tf.stages.finetuning import finetune
from ntaa_tf.stages.job import Job
from ntaa_tf.stages.pretraining import pretrain
from ntaa_tf.stages.searching import search
from ntaa_tf.stages.self_supervising import self_supervise
from ntaa_tf.stages.supernet_directory import STAGE
from ntaa_tf.workdir import WorkDirectory

Stages = dict[str, Callable[[Job, Path], dict[str, Any]]]


def list_training(method: Method) -> Stages:
    """List the stages that end with `adapted.keras`, by their names."""
    stages: Stages = {}
    if method.self_supervises:
        stages[STAGE] = self_supervise
    if method.search != NOTHING:
        stages["search"] = search if method.trains_supernet else draw
    if method.weights == TRANSFER:
        stages["pretrain"] = pretrain
    return {**stages, "finetune": finetune}


def run_stages(
    stages: Stages, job: Job, workdir: WorkDirectory
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
