"""Where training runs, by name."""

import contextlib
import functools
import logging
import signal
from typing import Any

import tensorflow as tf

from ntaa_tf.distribute.cluster import read_cluster
from ntaa_tf.distribute.workers import work_together

logger = logging.getLogger(__name__)

NONE, MIRRORED, MULTIWORKER, TPU = STRATEGIES = (
    *("none", "mirrored", "multiworker", "tpu"),
)


def enter_strategy(distribute: str) -> contextlib.AbstractContextManager[Any]:
    """Give the context in which models are made, trained and measured.

    With `multiworker` it is to be called before TensorFlow does anything, and
    waits for all workers.

    Args:
        distribute: `none`; `mirrored`, a replica on every GPU of this
            machine, or on every CPU device where it has none; `multiworker`,
            a replica on every GPU of every process that TF_CONFIG names, or on
            the CPU of each; or `tpu`, a replica on every core of a TPU.

    Raises:
        ValueError: if it is none of these, or not to be had here.

    Example:
    >>> with enter_strategy("mirrored"):
    ...     print(count_replicas())
    1
    """
    if distribute not in STRATEGIES:
        raise ValueError(
            f"Invalid value for `distribute`. Expected one of {STRATEGIES}. "
            f"Received: {distribute!r}."
        )
    if distribute == NONE:
        return contextlib.nullcontext()
    if distribute == MULTIWORKER:
        return work_together(_make_multiworker())
    make = _make_mirrored if distribute == MIRRORED else _make_tpu
    return make().scope()


def is_silent(distribute: str) -> bool:
    """Whether another process of the training speaks for this one.

    Example:
    >>> is_silent("mirrored")
    False
    """
    return distribute == MULTIWORKER and read_cluster().is_led


# Another one would number its reductions as the first did, and mix them up.
@functools.cache
def _make_mirrored() -> tf.distribute.Strategy:
    list_devices = tf.config.list_logical_devices
    devices = list_devices("GPU") or list_devices("CPU")
    return tf.distribute.MirroredStrategy([d.name for d in devices])


@functools.cache
def _make_multiworker() -> tf.distribute.Strategy:
    cluster = read_cluster()
    addresses = ", ".join(cluster.workers)
    logger.info("worker %d waits for all of %s", cluster.index, addresses)
    handlers = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    # It waits where Python's own handler of Ctrl-C is not called.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    # TensorFlow has taken SIGTERM, to go on until a checkpoint, not ours.
    for number, handler in handlers.items():
        signal.signal(number, handler)
    return strategy


@functools.cache
def _make_tpu() -> tf.distribute.Strategy:
    cluster_resolver = tf.distribute.cluster_resolver
    try:
        resolver = cluster_resolver.TPUClusterResolver.connect()
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(
            "Invalid value for `distribute`. Expected tpu where TensorFlow "
            f"finds a TPU. Received: 'tpu' ({error})."
        ) from error
    return tf.distribute.TPUStrategy(resolver)
