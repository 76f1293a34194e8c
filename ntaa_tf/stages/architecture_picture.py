"""The picture of the derived architecture, in TensorBoard beside its curves."""

from pathlib import Path

import tensorflow as tf

from ntaa_tf.architecture import Architecture
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.report import render_architecture

NAME = "architecture"


def log_picture(
    assembly: Assembly, architecture: Architecture, directory: Path
) -> None:
    """Draw an architecture for TensorBoard, at the last epoch of the search.

    Args:
        assembly: what the stages share.
        architecture: derived architecture; without sites nothing is drawn.
        directory: directory of the stage; its `tensorboard` gets the image.
    """
    if not architecture.sites:
        return
    picture = render_architecture(architecture, name_operations(assembly))
    image = tf.io.decode_png(picture, channels=3)[tf.newaxis]
    writer = tf.summary.create_file_writer(
        str(directory / "tensorboard" / NAME)
    )
    with writer.as_default():
        tf.summary.image(NAME, image, assembly.recipe.searched_epochs)
    writer.close()


def name_operations(assembly: Assembly) -> dict[str, str]:
    """Describe the source's own operation at each convolution, by its name.

    A network of cells has no source operations.
    """
    if assembly.recipe.source.has_cells:
        return {}
    return {
        convolution.name: convolution.geometry.summary
        for convolution in find_convolutions(flatten(assembly.source))
        if convolution.geometry is not None
    }
