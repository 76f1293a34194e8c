"""Export a model, reopen it elsewhere and compare, and time it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.files import write_atomically
from ntaa_tf.graph.latency import measure_latencies

SIGNATURES = {"serving_default": "float32", "serve_uint8": "uint8"}
LOGITS, EMBEDDING = ("logits",), "embedding"
# What an embedding is also served by.
EMBED = {"embed": "float32"}

# Makes a process one in which `import ntaa_tf` fails as if not installed.
_HIDE_PACKAGE = "import sys; sys.modules['ntaa_tf'] = None\n"

_REOPEN = """
try:
    import ntaa_tf
except ModuleNotFoundError:
    pass
else:
    sys.exit("ntaa_tf can be imported here: this would prove nothing.")

import keras
import numpy as np
import tensorflow as tf

keras_file, saved_model, images_file, logits_file, *names = sys.argv[1:]
images = np.load(images_file, allow_pickle=False)["images"]
model = keras.saving.load_model(keras_file, compile=False, safe_mode=True)
outputs = model(images.astype("float32"), training=False)
logits = {"keras": tf.concat(tf.nest.flatten(outputs), -1)}
served = tf.saved_model.load(saved_model)
for name, signature in served.signatures.items():
    dtype = signature.structured_input_signature[1]["images"].dtype
    outputs = signature(images=tf.constant(images.astype(dtype.name)))
    logits[name] = tf.concat([outputs[output] for output in names], -1)
np.savez(
    logits_file,
    **{name: tf.cast(value, "float32") for name, value in logits.items()},
)
"""


def export_saved_model(
    model: keras.Model, directory: Path, outputs: Sequence[str] = LOGITS
) -> None:
    """Write a SavedModel that serves float and uint8 images.

    Its signatures are `serving_default` (float32) and `serve_uint8`, of an
    embedding also `embed` (float32): from `images` (batch, height, width, 3),
    RGB, 0 to 255, to the outputs by their names.

    Args:
        model: a functional model that takes raw RGB images as floats.
        directory: what to write; a SavedModel that stands there is replaced.
        outputs: what it gives, such as `logits` or `embedding`.
    """
    shape = (None, *model.inputs[0].shape[1:])

    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        given = model(tf.cast(images, "float32"), training=False)
        return {
            name: tf.cast(value, "float32")
            for name, value in zip(outputs, tf.nest.flatten(given), strict=True)
        }

    signatures = SIGNATURES | (EMBED if EMBEDDING in outputs else {})
    archive = keras.export.ExportArchive()
    archive.track(model)
    for name, dtype in signatures.items():
        images = tf.TensorSpec(shape, dtype, name="images")
        archive.add_endpoint(name, serve, [images])
    with write_atomically(directory) as unfinished:
        archive.write_out(unfinished, verbose=False)


def compare_export(
    model: keras.Model,
    keras_file: Path,
    saved_model: Path,
    images: np.ndarray,
    outputs: Sequence[str] = LOGITS,
) -> float:
    """Measure how far an export is from the live model.

    Both files are opened in a fresh process in which `ntaa_tf` cannot be
    imported, and all is computed on the CPU, so that the files are compared
    and not the rounding of two devices.

    Args:
        model: the live model.
        keras_file: the `.keras` file written of it.
        saved_model: what `export_saved_model` wrote of it.
        images: uint8, (batch, height, width, 3).
        outputs: the names of what it gives, in the model's order.

    Returns:
        The largest absolute difference of any logit, as a share of the
        largest logit where that is above 1; infinity where the number of
        classes is another.

    Raises:
        RuntimeError: if the export does not open or compute there.
    """
    with tf.device("CPU:0"):
        given = model(images.astype("float32"), training=False)
        logits = tf.concat(tf.nest.flatten(given), -1)
        live = tf.cast(logits, "float32").numpy()
    scale = max(1.0, np.abs(live).max())
    reopened = _reopen(keras_file, saved_model, images, outputs)
    differences = [
        np.abs(other - live).max() / scale
        if other.shape == live.shape
        else np.inf
        for other in reopened.values()
    ]
    return float(np.max(differences))  # NaN where any is NaN.


def measure_latency(
    model: keras.Model, batch_size: int, repeats: int = 10
) -> float:
    """Measure the milliseconds in which a model answers one batch.

    Args:
        model: a functional model of known image size.
        batch_size: images in the batch.
        repeats: calls to take the median of, after the first, slower ones.
    """
    return measure_latencies([model], batch_size, repeats)[0]


def _reopen(
    keras_file: Path,
    saved_model: Path,
    images: np.ndarray,
    outputs: Sequence[str],
) -> dict[str, np.ndarray]:
    """Compute logits from the files in a process without `ntaa_tf`."""
    with tempfile.TemporaryDirectory() as directory:
        images_file = Path(directory, "images.npz")
        logits_file = Path(directory, "logits.npz")
        np.savez(images_file, images=images)
        files = keras_file, saved_model, images_file, logits_file
        child = subprocess.run(
            [
                *(sys.executable, "-c", _HIDE_PACKAGE + _REOPEN),
                *(str(file.resolve()) for file in files),
                *outputs,
            ],
            cwd=directory,
            env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
            capture_output=True,
            text=True,
            errors="replace",
        )
        if child.returncode != 0:
            raise RuntimeError(_describe_failure(child))
        with np.load(logits_file, allow_pickle=False) as logits:
            return dict(logits)


def _describe_failure(child: subprocess.CompletedProcess[str]) -> str:
    last_lines = [line[:300] for line in child.stderr.splitlines()[-3:]]
    return (
        "The export does not work where `ntaa_tf` is not installed. Expected "
        "a `.keras` file and a SavedModel of stock Keras layers. The process "
        f"that opened them ended with status {child.returncode}:\n"
        + "\n".join(last_lines)
    )
