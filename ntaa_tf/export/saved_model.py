"""A SavedModel with the signatures that a server calls."""

from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

from ntaa_tf.storage.files import write_atomically

LOGITS, EMBEDDING = ("logits",), "embedding"
IMAGES, FILES = "images", "image_bytes"
# The type of the images that each signature takes.
SIGNATURES = {"serving_default": "float32", "serve_uint8": "uint8"}
# What an embedding is also served by, and what decodes image files itself.
EMBED, SERVE_BYTES = "embed", "serve_bytes"

Decode = Callable[[tf.Tensor], tf.Tensor]


def export_saved_model(
    model: keras.Model,
    directory: Path,
    outputs: Sequence[str] = LOGITS,
    decode: Decode | None = None,
) -> None:
    """Write a SavedModel that serves images, and image files.

    Its signatures are `serving_default` (float32) and `serve_uint8`, of an
    embedding also `embed` (float32): from `images` (batch, height, width, 3),
    RGB, 0 to 255, to the outputs by their names. With a decoder there is
    `serve_bytes`, from `image_bytes` (batch,), which are encoded files.

    Args:
        model: a functional model that takes raw RGB images as floats.
        directory: what to write; a SavedModel that stands there is replaced.
        outputs: what it gives, such as `logits` or `embedding`.
        decode: what gives the images of a batch of encoded files.
    """
    images = tf.TensorSpec((None, *model.inputs[0].shape[1:]), "float32")

    @tf.function(input_signature=[images])  # Traced once for all signatures.
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        given = model(images, training=False)
        return {
            name: tf.cast(value, "float32")
            for name, value in zip(outputs, tf.nest.flatten(given), strict=True)
        }

    archive = keras.export.ExportArchive()
    archive.track(model)
    types = SIGNATURES | ({EMBED: "float32"} if EMBEDDING in outputs else {})
    for name, dtype in types.items():
        taken = tf.TensorSpec(images.shape, dtype, name=IMAGES)
        archive.add_endpoint(
            name, lambda images: serve(tf.cast(images, "float32")), [taken]
        )
    if decode is not None:
        taken = tf.TensorSpec((None,), "string", name=FILES)
        archive.add_endpoint(
            SERVE_BYTES, lambda image_bytes: serve(decode(image_bytes)), [taken]
        )
    with write_atomically(directory) as unfinished:
        archive.write_out(unfinished, verbose=False)
