"""What a person looks at when a run is finished."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.job import Job
from ntaa_tf.assembly.job import read_architecture
from ntaa_tf.assembly.runs import shorten_names
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.report import Records
from ntaa_tf.report import draw_architecture
from ntaa_tf.report import keeps_plain
from ntaa_tf.report import write_report
from ntaa_tf.stages.deriving import ARCHITECTURE_FILE
from ntaa_tf.stages.evaluate import CONFUSIONS_FILE
from ntaa_tf.stages.evaluate import SHEET_FILE
from ntaa_tf.stages.picturing import name_operations
from ntaa_tf.stages.search import COURSE_FILE
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.run_directory import RESULT_FILE

TRAINING = ("supernet", "search", "pretrain", "finetune")
PICTURE_FILE = "architecture.png"


def report(job: Job, metrics: Mapping[str, Any], command: str) -> None:
    """Draw the architecture and write the page a person looks at.

    Args:
        job: a finished one; its `path` gets `report.html`, and with sites
            `architecture.png` and `architecture.svg`.
        metrics: what `metrics.json` is to hold.
        command: that runs all of it.
    """
    records = _collect(job, metrics, command)
    if records.architecture.sites:
        draw_architecture(
            records.architecture, job.path / PICTURE_FILE, records.operations
        )
    write_report(
        job.path / "report.html",
        "{model} adapted to {dataset}".format(**shorten_names(job.recipe)),
        job.recipe.to_dict(),
        metrics,
        records,
    )


def _collect(job: Job, metrics: Mapping[str, Any], command: str) -> Records:
    """Read what the stages left."""
    search, sheet = job.path / "search", job.path / "evaluate" / SHEET_FILE
    architecture = Architecture({})
    if job.recipe.plan.search != NOTHING and not keeps_plain(metrics):
        architecture = read_architecture(search / ARCHITECTURE_FILE)
    return Records(
        history=_read_history(job.path),
        architecture=architecture,
        operations=name_operations(job),
        probabilities=_read_if_there(search / COURSE_FILE),
        confusions=_read_if_there(job.path / "evaluate" / CONFUSIONS_FILE),
        command=command,
        answers=sheet.read_bytes() if sheet.exists() else None,
    )


def _read_history(path: Path) -> dict[str, list[float]]:
    """Read what each training recorded, its names begun with the stage's."""
    return {
        f"{stage}_{name}": values
        for stage in TRAINING
        if (path / stage / RESULT_FILE).exists()
        for name, values in read_json(path / stage / RESULT_FILE)
        .get("history", {})
        .items()
    }


def _read_if_there(path: Path) -> dict[str, Any]:
    return read_json(path) if path.exists() else {}
