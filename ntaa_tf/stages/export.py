"""The stage that exports the adapted model for serving."""

import logging
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.data import ServedDecoder
from ntaa_tf.data import take_evenly
from ntaa_tf.export import CONVERTERS
from ntaa_tf.export import KERAS
from ntaa_tf.export import Reference
from ntaa_tf.export import attach_form
from ntaa_tf.export import check_exports
from ntaa_tf.export import compute_reference
from ntaa_tf.export import export_saved_model
from ntaa_tf.export import list_failures
from ntaa_tf.export import name_tensors
from ntaa_tf.export import shorten
from ntaa_tf.export.formats import EXACT
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.formats import parse_formats
from ntaa_tf.image_size import parse_size
from ntaa_tf.storage.model_files import ADAPTED_FILE
from ntaa_tf.storage.served_form import ServedForm
from ntaa_tf.storage.served_form import write_served_form

COMPARED_IMAGES = 32
CALIBRATION_IMAGES = 100

logger = logging.getLogger(__name__)


def export(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Export the adapted model, reopen each file by its runtime, and compare.

    Args:
        assembly: what the stages share.
        directory: directory of this stage; it gets a file or a directory for
            each format, and `labels.json`. The run directory gets a second
            copy of that, for predictions.

    Returns:
        The `formats` by name: the `file` in the run directory, its `bytes`,
        and the result of `check_exports`, or the `failure` to write it. And
        the largest `difference` of the exact formats; None if none of their
        files can be opened.
    """
    adapted = assembly.load_adapted()
    for each in (assembly.path, directory):
        write_served_form(each, _describe_form(assembly))
    files = {
        name: directory / FORMATS[name].file
        for name in parse_formats(assembly.recipe.output.export)
    }
    failures = {
        name: {"failure": failure}
        for name, file in files.items()
        if (failure := _write(assembly, adapted, name, file))
    }
    files = {KERAS: assembly.path / ADAPTED_FILE, **files}
    written = {name: files[name] for name in files if name not in failures}
    checked = (
        check_exports(written, _compute_outputs(assembly, adapted)) | failures
    )
    results = {
        name: {
            "file": str(file.relative_to(assembly.path)),
            "bytes": _measure_bytes(file),
            **checked[name],
        }
        for name, file in files.items()
    }
    for name, failure in list_failures(results).items():
        logger.warning("%s %s", name, failure)
    return {"difference": _find_largest(results), "formats": results}


def _write(
    assembly: Assembly, model: keras.Model, name: str, file: Path
) -> str:
    """Write one format; return the reason of a failure, or an empty text."""
    logger.debug("writing %s", file)
    outputs, form = assembly.task.outputs, _describe_form(assembly)
    if name not in CONVERTERS:
        decode = _make_decoder(assembly)
        export_saved_model(model, file, outputs, decode, form.classes)
        attach_form(name, file, form)
        return ""
    images = assembly.batches.sample_images(CALIBRATION_IMAGES)
    try:
        CONVERTERS[name](name_tensors(model, outputs), file, images)
        attach_form(name, file, form)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # Converters raise errors of any class.
        reason = shorten(f"{type(error).__name__}: {error}")
        return f"can't be written: {reason}"
    return ""


def _compute_outputs(assembly: Assembly, model: keras.Model) -> Reference:
    """Compute the live model's outputs for some test images."""
    images = take_evenly(
        assembly.task.list_images(assembly.dataset.test), COMPARED_IMAGES
    )
    form = _describe_form(assembly)
    return compute_reference(
        model, images, assembly.task.outputs, form.resize, form.classes
    )


def _describe_form(assembly: Assembly) -> ServedForm:
    """Describe the inputs and outputs of the adapted model."""
    resize = assembly.recipe.data.resize
    return ServedForm(
        assembly.task.list_classes(assembly.dataset),
        assembly.image_size,
        assembly.image_size if resize is None else parse_size(resize),
        assembly.task.crops,
    )


def _make_decoder(assembly: Assembly) -> ServedDecoder:
    """Build the decoder of served images, the same as in evaluation."""
    form = _describe_form(assembly)
    return ServedDecoder(form.size, form.resize, form.crops)


def _measure_bytes(path: Path) -> int:
    """Sum up the bytes of a file, or of all files in a directory."""
    files = [path, *path.rglob("*")]
    return sum(file.stat().st_size for file in files if file.is_file())


def _find_largest(results: dict[str, dict[str, Any]]) -> float | None:
    """Find the largest difference of the exact formats."""
    differences = [
        result["difference"]
        for name, result in results.items()
        if (name == KERAS or FORMATS[name].tolerance == EXACT)
        and "difference" in result
    ]
    return max(differences, default=None)
