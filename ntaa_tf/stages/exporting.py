"""The stage that writes what is served."""

import logging
from pathlib import Path
from typing import Any

from ntaa_tf.export import compare_export
from ntaa_tf.export import export_saved_model
from ntaa_tf.stages.job import ADAPTED_FILE
from ntaa_tf.stages.job import Job

COMPARED_IMAGES = 8
LARGEST_DIFFERENCE = 1e-4

logger = logging.getLogger(__name__)


def export(job: Job, directory: Path) -> dict[str, Any]:
    """Write the SavedModel, reopen what is written, and compare.

    Args:
        job: what the stages share.
        directory: gets `saved_model`.

    Returns:
        The largest `difference` between what the written models give and the
        live one.
    """
    adapted = job.load_adapted()
    saved_model = directory / "saved_model"
    export_saved_model(adapted, saved_model, job.task.outputs)
    difference = compare_export(
        adapted,
        job.path / ADAPTED_FILE,
        saved_model,
        job.sample_images(COMPARED_IMAGES),
        job.task.outputs,
    )
    if not difference <= LARGEST_DIFFERENCE:
        logger.warning(
            "The exported models differ from the live one by %g.", difference
        )
    return {"difference": difference}
