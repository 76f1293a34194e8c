"""Strategies of distributed training, by name."""

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
    """Return the context in which models are built, trained and evaluated.

    Call it with `multiworker` before any other use of TensorFlow. The call
    waits for all workers.

    Args:
        distribute: name of the strategy. `none`: one device. `mirrored`: a
            replica on every GPU of this machine, or on every CPU device if
            there is no GPU. `multiworker`: a replica on every GPU of every
            process in TF_CONFIG, or on the CPU of each. `tpu`: a replica on
            every core of a TPU.

    Raises:
        ValueError: if the name is unknown, TF_CONFIG is invalid, or there is
            no TPU.

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
    """Return whether another process, the chief, prints the results.

    Example:
    >>> is_silent("mirrored")
    False
    """
    return distribute == MULTIWORKER and read_cluster().is_follower


# One strategy per process: a second one would number its collective
# operations from the start again, and TensorFlow would mix the two up.
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
    # While TensorFlow waits, Python's handler of Ctrl-C would never run.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    # TensorFlow has replaced the handler of SIGTERM by one that waits for a
    # checkpoint of its own kind. Put ours back.
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
            f"--distribute=tpu, but TensorFlow finds no TPU ({error}). Run on "
            "a machine with a TPU, or choose another --distribute."
        ) from error
    return tf.distribute.TPUStrategy(resolver)
