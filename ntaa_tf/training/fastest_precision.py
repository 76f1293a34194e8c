"""The faster of two precisions on this machine, by measurement."""

import logging
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.training.precision import set_precision

CANDIDATES = ("none", "bfloat16")
ROUNDS = 5
# bfloat16 loses digits, so it has to be worth it.
MOST_TIME = 0.9
AMPERE = (8, 0)  # Compute capability of the first GPUs with fast bfloat16.
CPU_FLAG = "amx_bf16"

logger = logging.getLogger(__name__)


def choose_precision(model: keras.Model, batch_size: int) -> str:
    """Choose the precision in which a model trains faster on this machine.

    Only hardware that multiplies bfloat16 is measured: processors with AMX,
    and GPUs from NVIDIA's Ampere on. Even there a thin network can be slower.

    Args:
        model: model to train, with one input of fixed size; it is in float32
            afterwards.
        batch_size: images in a batch.

    Returns:
        `bfloat16`, or `none` for float32.
    """
    if not multiplies_bfloat16():
        logger.info("float32: this machine has no fast bfloat16")
        return "none"
    seconds = _time_steps(model, batch_size)
    share = seconds["bfloat16"] / seconds["none"]
    chosen = "bfloat16" if share <= MOST_TIME else "none"
    logger.info(
        "%s: a training step in bfloat16 takes %.2f of one in float32",
        *("float32" if chosen == "none" else chosen, share),
    )
    return chosen


def multiplies_bfloat16(cpu_info: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether TensorFlow's device has instructions for bfloat16.

    Args:
        cpu_info: Linux's description of the processor.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return details.get("compute_capability", (0, 0)) >= AMPERE
    return cpu_info.exists() and CPU_FLAG in cpu_info.read_text("utf-8")


def _time_steps(model: keras.Model, batch_size: int) -> dict[str, float]:
    """Return the median seconds of a training step in each precision."""
    shape = (batch_size, *model.inputs[0].shape[1:])
    images = np.random.default_rng(0).uniform(0, 255, shape).astype("float32")
    steps = {}
    try:
        for precision in CANDIDATES:
            set_precision(model, precision)
            steps[precision] = _trace_step(model, tf.constant(images))
    finally:
        set_precision(model)
    seconds: dict[str, list[float]] = {precision: [] for precision in steps}
    # Interleaved, so that other work on the machine slows both alike.
    for _ in range(ROUNDS):
        for precision, step in steps.items():
            begin = time.perf_counter()
            step()
            seconds[precision].append(time.perf_counter() - begin)
    return {name: statistics.median(each) for name, each in seconds.items()}


def _trace_step(
    model: keras.Model, images: tf.Tensor
) -> Callable[[], tf.Tensor]:
    """Return a traced training step that leaves the model as it is."""

    def compute() -> tf.Tensor:
        weights = [variable.value for variable in model.trainable_variables]
        # The scope catches the moving statistics, which must not change.
        with keras.StatelessScope(), tf.GradientTape() as tape:
            outputs = keras.tree.flatten(model(images, training=True))
            loss = sum(
                tf.reduce_mean(tf.cast(output, tf.float32) ** 2)
                for output in outputs
            )
        gradients = tape.gradient(loss, weights)
        # One number, so that no part of the step is left out.
        return tf.add_n(
            [tf.reduce_sum(g) for g in gradients if g is not None] + [loss]
        )

    step = tf.function(compute)
    step().numpy()  # Traces and warms up.
    return lambda: step().numpy()
