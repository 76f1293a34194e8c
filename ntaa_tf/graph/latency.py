"""Latency of plain models."""

import statistics
import time
from collections.abc import Callable
from collections.abc import Sequence

import keras
import tensorflow as tf

WARM_UP_CALLS = 2


def measure_latencies(
    models: Sequence[keras.Model], batch_size: int, repeats: int = 10
) -> list[float]:
    """Measure the latency of each model for one batch, in milliseconds.

    The models take turns, so that other load on the machine slows all of them
    alike. The result is the median after a few warm-up calls.

    Args:
        models: functional models with a fixed image size.
        batch_size: images in the batch.
        repeats: number of measured calls of each model.
    """
    calls = [_prepare(model, batch_size) for model in models]
    for call in calls:
        for _ in range(WARM_UP_CALLS):
            call()
    rounds = [[_time(call) for call in calls] for _ in range(repeats)]
    durations = zip(*rounds, strict=True)
    return [1000 * statistics.median(times) for times in durations]


def _prepare(model: keras.Model, batch_size: int) -> Callable[[], object]:
    shape = (batch_size, *model.inputs[0].shape[1:])
    images = tf.random.stateless_uniform(shape, seed=(0, 0), maxval=255.0)
    infer = tf.function(
        lambda images: tf.nest.flatten(model(images, training=False))
    )
    # Calls of an accelerator return early; conversion to NumPy waits for it.
    return lambda: [output.numpy() for output in infer(images)]


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
