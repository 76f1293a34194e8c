"""The report: a page with tables, curves and the picture of a network."""

from pathlib import Path
from typing import Any

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.run_directory import shorten_names
from ntaa_tf.assembly.supernet import read_architecture
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.report import Records
from ntaa_tf.report import draw_architecture
from ntaa_tf.report import write_report
from ntaa_tf.stages.architecture_picture import name_operations
from ntaa_tf.stages.collapse import ARCHITECTURE_FILE
from ntaa_tf.stages.evaluate import CONFUSIONS_FILE
from ntaa_tf.stages.evaluate import MISTAKES_FILE
from ntaa_tf.stages.evaluate import SHEET_FILE
from ntaa_tf.stages.search import COURSE_FILE
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.run_metrics import RunMetrics

TRAINING = ("supernet", "search", "transfer", "finetune")
PICTURE_FILE = "architecture.png"
REPORT_FILE = "report.html"


def report(assembly: Assembly, metrics: RunMetrics, command: str) -> None:
    """Draw the architecture and write the page of a finished run.

    Args:
        assembly: what the stages share; the run directory gets `report.html`,
            and for an architecture with sites also `architecture.png` and
            `architecture.svg`.
        metrics: metrics of the run.
        command: command that repeats the run.
    """
    records = _collect(assembly, command)
    if records.architecture.sites:
        draw_architecture(
            records.architecture,
            assembly.path / PICTURE_FILE,
            records.operations,
        )
    names = shorten_names(assembly.recipe)
    write_report(
        assembly.path / REPORT_FILE,
        f"{names['model']} adapted to {names['dataset']}",
        assembly.recipe.to_dict(),
        metrics,
        records,
    )


def _collect(assembly: Assembly, command: str) -> Records:
    """Read the files of the stages that the page shows."""
    search, evaluated = assembly.path / "search", assembly.path / "evaluate"
    sheet, mistakes = evaluated / SHEET_FILE, evaluated / MISTAKES_FILE
    architecture = Architecture({})
    if assembly.recipe.adaptation.plan.search != NOTHING:
        architecture = read_architecture(search / ARCHITECTURE_FILE)
    return Records(
        history=_read_history(assembly),
        architecture=architecture,
        operations=name_operations(assembly),
        probabilities=_read_if_there(search / COURSE_FILE),
        confusions=_read_if_there(evaluated / CONFUSIONS_FILE),
        command=command,
        answers=sheet.read_bytes() if sheet.exists() else None,
        mistakes=read_json(mistakes) if mistakes.exists() else (),
    )


def _read_history(assembly: Assembly) -> dict[str, list[float]]:
    """Read the history of each training; names begin with the stage."""
    kept = assembly.run_directory
    return {
        f"{stage}_{name}": values
        for stage in TRAINING
        if kept.has_result(stage)
        for name, values in kept.read_result(stage).get("history", {}).items()
    }


def _read_if_there(path: Path) -> dict[str, Any]:
    return read_json(path) if path.exists() else {}
