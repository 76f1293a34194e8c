"""The stage that writes what is served."""

import logging
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.job import ADAPTED_FILE
from ntaa_tf.assembly.job import Job
from ntaa_tf.data import ServedDecoder
from ntaa_tf.data import spread
from ntaa_tf.export import CONVERTERS
from ntaa_tf.export import KERAS
from ntaa_tf.export import Asked
from ntaa_tf.export import ask
from ntaa_tf.export import check_exports
from ntaa_tf.export import export_saved_model
from ntaa_tf.export import list_failures
from ntaa_tf.export import name_tensors
from ntaa_tf.export import shorten
from ntaa_tf.export.formats import EXACT
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.formats import parse_formats
from ntaa_tf.image_size import parse_size

COMPARED_IMAGES = 32
CALIBRATION_IMAGES = 100

logger = logging.getLogger(__name__)


def export(job: Job, directory: Path) -> dict[str, Any]:
    """Write what is served, reopen each file by its runtime, and compare.

    Args:
        job: what the stages share.
        directory: gets a file, or a directory, for each format.

    Returns:
        Of the `formats` by name what `check_exports` gives, their `file` in
        the work directory and its `bytes`, or the `failure` of writing it; and
        the largest `difference` of those that are to be exact, None where
        none can be opened.
    """
    adapted = job.load_adapted()
    files = {
        name: directory / FORMATS[name].file
        for name in parse_formats(job.recipe.export)
    }
    failures = {
        name: {"failure": failure}
        for name, file in files.items()
        if (failure := _write(job, adapted, name, file))
    }
    files = {KERAS: job.path / ADAPTED_FILE, **files}
    written = {name: files[name] for name in files if name not in failures}
    checked = check_exports(written, _ask(job, adapted)) | failures
    told = {
        name: {
            "file": str(file.relative_to(job.path)),
            "bytes": _measure_bytes(file),
            **checked[name],
        }
        for name, file in files.items()
    }
    for name, failure in list_failures(told).items():
        logger.warning("%s %s", name, failure)
    return {"difference": _find_largest(told), "formats": told}


def _write(job: Job, model: keras.Model, name: str, file: Path) -> str:
    """Write one format; say what is in the way, if anything is."""
    logger.info("writes %s", file)
    outputs = job.task.outputs
    if name not in CONVERTERS:
        export_saved_model(model, file, outputs, _make_decoder(job))
        return ""
    images = job.sample_images(CALIBRATION_IMAGES)
    try:
        CONVERTERS[name](name_tensors(model, outputs), file, images)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # Whatever a converter says.
        reason = shorten(f"{type(error).__name__}: {error}")
        return f"can't be written: {reason}"
    return ""


def _ask(job: Job, model: keras.Model) -> Asked:
    """Let the live model answer to some test images."""
    images = spread(job.task.list_images(job.dataset.test), COMPARED_IMAGES)
    return ask(model, images, job.task.outputs, _make_decoder(job).resize)


def _make_decoder(job: Job) -> ServedDecoder:
    """Decode as the data set was decoded for evaluation."""
    resize = job.recipe.resize
    whole = job.image_size if resize is None else parse_size(resize)
    return ServedDecoder(job.image_size, whole, job.task.crops)


def _measure_bytes(path: Path) -> int:
    """Measure a file, or all that is in a directory."""
    files = [path, *path.rglob("*")]
    return sum(file.stat().st_size for file in files if file.is_file())


def _find_largest(told: dict[str, dict[str, Any]]) -> float | None:
    """Find the largest difference of what is to be exact."""
    differences = [
        of["difference"]
        for name, of in told.items()
        if (name == KERAS or FORMATS[name].tolerance == EXACT)
        and "difference" in of
    ]
    return max(differences, default=None)
