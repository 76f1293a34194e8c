"""Stages that choose among whole trainings, by the validation split."""

import shutil
from pathlib import Path
from typing import Any

from ntaa_tf.assembly.job import ADAPTED_FILE
from ntaa_tf.assembly.job import BASELINE
from ntaa_tf.assembly.job import Job
from ntaa_tf.assembly.runs import open_workdir
from ntaa_tf.recipe import list_tuned
from ntaa_tf.stages.plan import list_training
from ntaa_tf.stages.plan import run_stages
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_atomically
from ntaa_tf.storage.run_directory import RESULT_FILE

NOT_COPIED = ("checkpoints", "tensorboard", "data")


def tune(job: Job, directory: Path) -> dict[str, Any]:
    """Train with several learning rates, and keep the best as this run's own.

    Args:
        job: what the stages share; its `path` gets the stages of the best.
        directory: gets a work directory for each learning rate.

    Returns:
        The score of each rate on the validation split, such as
        `validation_accuracy`, and the `learning_rate` that is best; of equal
        ones the first tried. The `other_seconds` are those of all others.
    """
    scores, seconds = {}, {}
    score = f"validation_{job.task.score}"
    for recipe in list_tuned(job.recipe):
        rate = f"{recipe.learning_rate:.6g}"
        tried = job.beside(recipe, directory / rate)
        results = run_stages(
            list_training(recipe.plan),
            tried,
            open_workdir(recipe, tried.path),
        )
        scores[rate] = results["finetune"][score]
        seconds[rate] = sum(result["seconds"] for result in results.values())
    best = max(scores, key=lambda rate: scores[rate])
    for name in (*list_training(job.recipe.plan), ADAPTED_FILE):
        _copy(directory / best / name, job.path / name)
    return {
        "learning_rate": float(best),
        score: scores,
        "other_seconds": sum(seconds.values()) - seconds[best],
    }


def guard(job: Job, directory: Path) -> dict[str, Any]:
    """Keep the plainly finetuned source if that validates better.

    Args:
        job: what the stages share; in its `path` is the finished baseline.
        directory: gets what was adapted, if it is not kept.

    Returns:
        The score of both on the validation split, and which is `kept`.
    """
    score = f"validation_{job.task.score}"
    scores = {
        name: read_json(path / "finetune" / RESULT_FILE)[score]
        for name, path in (
            ("adapted", job.path),
            (BASELINE, job.path / BASELINE),
        )
    }
    kept = "adapted"
    if scores[BASELINE] > scores["adapted"]:
        kept = BASELINE
        adapted = job.path / ADAPTED_FILE
        if not (directory / ADAPTED_FILE).exists():
            _copy(adapted, directory / ADAPTED_FILE)
        _copy(job.path / BASELINE / ADAPTED_FILE, adapted)
    return {"kept": kept, score: scores}


def _copy(source: Path, target: Path) -> None:
    with write_atomically(target) as unfinished:
        if source.is_dir():
            ignored = shutil.ignore_patterns(*NOT_COPIED)
            shutil.copytree(source, unfinished, ignore=ignored)
        else:
            shutil.copy2(source, unfinished)
