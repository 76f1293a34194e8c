"""SavedModel with the signatures that a server calls."""

from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

from ntaa_tf.export.class_outputs import EMBEDDING
from ntaa_tf.export.class_outputs import LOGITS
from ntaa_tf.export.class_outputs import Classes
from ntaa_tf.export.class_outputs import compute_class_outputs
from ntaa_tf.storage.files import write_atomically

IMAGES, FILES = "images", "image_bytes"
# Types of the images, by signature.
SIGNATURES = {"serving_default": "float32", "serve_uint8": "uint8"}
# Further signatures: for embeddings, and for encoded image files.
EMBED, SERVE_BYTES = "embed", "serve_bytes"

Decode = Callable[[tf.Tensor], tf.Tensor]


def export_saved_model(
    model: keras.Model,
    directory: Path,
    outputs: Sequence[str] = LOGITS,
    decode: Decode | None = None,
    classes: Classes | None = None,
) -> None:
    """Write a SavedModel that serves arrays of images and image files.

    The signatures `serving_default` (float32) and `serve_uint8` map `images`
    (batch, height, width, 3), RGB, 0 to 255, to the named outputs. A model
    with an embedding also has `embed` (float32). With a decoder,
    `serve_bytes` takes `image_bytes` (batch,), the contents of image files.
    With class names, each classifier also has `probabilities` (batch,
    classes), and `classes` (batch,), the most probable class of each image.

    Args:
        model: a functional model of raw RGB images in float32.
        directory: directory to write; an existing SavedModel is replaced.
        outputs: names of the outputs, such as "logits" or "embedding", in the
            model's order.
        decode: function from a batch of encoded files to a batch of images.
        classes: names of the classes by output, None of an embedding.
    """
    images = tf.TensorSpec((None, *model.inputs[0].shape[1:]), "float32")

    @tf.function(input_signature=[images])  # Traced once for all signatures.
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        values = tf.nest.flatten(model(images, training=False))
        named = {
            name: tf.cast(value, "float32")
            for name, value in zip(outputs, values, strict=True)
        }
        return named | compute_class_outputs(named, classes or {})

    archive = keras.export.ExportArchive()
    archive.track(model)
    types = SIGNATURES | ({EMBED: "float32"} if EMBEDDING in outputs else {})
    for name, dtype in types.items():
        spec = tf.TensorSpec(images.shape, dtype, name=IMAGES)
        archive.add_endpoint(
            name, lambda images: serve(tf.cast(images, "float32")), [spec]
        )
    if decode is not None:
        spec = tf.TensorSpec((None,), "string", name=FILES)
        archive.add_endpoint(
            SERVE_BYTES, lambda image_bytes: serve(decode(image_bytes)), [spec]
        )
    with write_atomically(directory) as unfinished:
        archive.write_out(unfinished, verbose=False)
