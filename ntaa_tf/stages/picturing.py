"""The picture of what a search found, in TensorBoard beside its curves."""

from pathlib import Path

import tensorflow as tf

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.job import Job
from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.report import render_architecture

NAME = "architecture"


def log_picture(job: Job, architecture: Architecture, directory: Path) -> None:
    """Draw an architecture for TensorBoard, after the last searched epoch.

    Args:
        job: what the stages share.
        architecture: what was found; without sites there is nothing to draw.
        directory: of the stage; its `tensorboard` gets the image.
    """
    if not architecture.sites:
        return
    image = tf.io.decode_png(
        render_architecture(architecture, name_operations(job)), channels=3
    )
    writer = tf.summary.create_file_writer(
        str(directory / "tensorboard" / NAME)
    )
    with writer.as_default():
        tf.summary.image(NAME, image[tf.newaxis], job.recipe.searched_epochs)
    writer.close()


def name_operations(job: Job) -> dict[str, str]:
    """Say what each convolution of the source is; cells have no sites."""
    if job.recipe.searches_cells:
        return {}
    return {
        convolution.name: convolution.geometry.summary
        for convolution in find_convolutions(flatten(job.source))
        if convolution.geometry is not None
    }
