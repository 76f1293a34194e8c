"""The stage `tune`: try several learning rates, each by a whole training."""

from pathlib import Path
from typing import Any

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.recipe import list_trials
from ntaa_tf.stages.plan import list_training
from ntaa_tf.stages.plan import run_stages
from ntaa_tf.storage.files import copy_atomically
from ntaa_tf.training.best_epoch import FILES

TUNE_STAGE = "tune"
# Files that are not copied with the stages of the best training.
NOT_COPIED = ("checkpoints", "tensorboard", "data", FILES)


def tune(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Train with each learning rate, and copy the stages of the best one.

    Args:
        assembly: what the stages share; its run directory gets the stages of
            the best training.
        directory: directory of this stage; it gets a run directory for each
            learning rate.

    Returns:
        The best `learning_rate`, the first of equal ones; the validation
        score of each learning rate; and the `other_seconds` of all other
        trials.
    """
    scores, seconds = {}, {}
    score = f"validation_{assembly.task.score}"
    stages = list_training(assembly.recipe.adaptation.plan)
    for recipe in list_trials(assembly.recipe):
        rate = f"{recipe.training.learning_rate:.6g}"
        trial = assembly.with_recipe(recipe, directory / rate)
        title = assembly.run_directory.name_stage(TUNE_STAGE)
        trial.run_directory.titles = {
            stage: f"{title}, learning rate {rate}: {stage}" for stage in stages
        }
        results = run_stages(stages, trial)
        scores[rate] = results["finetune"][score]
        seconds[rate] = sum(result["seconds"] for result in results.values())
    best = max(scores, key=lambda rate: scores[rate])
    trained = assembly.trained_file
    for name in (*stages, trained):
        copy_atomically(
            directory / best / name, assembly.path / name, NOT_COPIED
        )
    return {
        "learning_rate": float(best),
        score: scores,
        "other_seconds": sum(seconds.values()) - seconds[best],
    }


def retract_incomplete(assembly: Assembly) -> None:
    """Let this stage run again if a stage that it copied was deleted.

    The trials have their results; only the copy is repeated.

    Args:
        assembly: what the stages share.
    """
    stages = list_training(assembly.recipe.adaptation.plan)
    if not all(map(assembly.run_directory.has_result, stages)):
        assembly.run_directory.reopen(TUNE_STAGE)
