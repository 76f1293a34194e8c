"""Collective operations of the replicas of a `tf.distribute` strategy.

All of them also work without a strategy, or with a single replica, where they
do nothing.
"""

import concurrent.futures
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops


def count_replicas() -> int:
    """Return the number of replicas of the current strategy; 1 without."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def share_loss(loss: Any) -> Any:
    """Divide a mean loss by the number of replicas, as Keras losses do.

    Gradients are summed over the replicas. Divided losses make that sum the
    gradient of the mean over the global batch.
    """
    return loss / count_replicas()


def restore_loss(share: Any) -> Any:
    """Multiply a divided loss by the number of replicas, for the logs."""
    return share * count_replicas()


def sum_over_replicas(tensors: list[Any]) -> list[Any]:
    """All-reduce tensors by their sum; None stays None."""
    context = _find_context()
    present = [tensor for tensor in tensors if tensor is not None]
    if context is None or not present:
        return tensors
    sums = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, present))
    return [None if tensor is None else next(sums) for tensor in tensors]


def gather(tensor: Any) -> Any:
    """All-gather a tensor along axis 0, in the order of the replicas.

    Gradients flow back to the replica of each row.

    Args:
        tensor: rows of this replica (rows, ...), as many as on each other.

    Returns:
        Rows of all replicas (replicas * rows, ...).
    """
    context = _find_context()
    if context is None:
        return tensor
    rows, *shape = tensor.shape
    replicas = context.num_replicas_in_sync
    own = ops.arange(replicas) == context.replica_id_in_sync_group
    own = ops.reshape(ops.cast(own, tensor.dtype), (-1, *[1] * tensor.ndim))
    # An all-gather as a sum: each replica fills its own slot of a tensor of
    # zeros. TensorFlow's `all_gather` needs tensors with a device, and the
    # tensors that Keras computes on one worker of several have none.
    gathered = context.all_reduce(
        tf.distribute.ReduceOp.SUM, own * tensor[None]
    )
    count = -1 if rows is None else rows * replicas
    return ops.reshape(gathered, (count, *shape))


def locate(tensor: Any) -> Any:
    """Return the index of each row of this replica in the result of `gather`.

    Args:
        tensor: rows of this replica (rows, ...), as many as on each other.

    Returns:
        Indices (rows,).
    """
    context = _find_context()
    rows = ops.shape(tensor)[0]
    indices = ops.arange(rows)
    if context is None:
        return indices
    return indices + rows * context.replica_id_in_sync_group


def run_alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function outside of any strategy, on one device.

    Args:
        function: function that creates the variables it uses.
        *arguments: arguments of the function.

    Returns:
        The result of the function.
    """
    if not tf.distribute.has_strategy():
        return function(*arguments)
    # A strategy's scope belongs to its thread; a new thread is in none.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()


def run_once(function: Callable[..., None], *arguments: Any) -> None:
    """Run a function once for all replicas, in the cross-replica context.

    This is `merge_call` with the arguments of the first replica. The function
    may assign variables inside a conditional, where a replica could not
    synchronise; the values are assigned on every replica.

    Args:
        function: function that returns nothing.
        *arguments: trees of tensors, equal on all replicas.
    """
    context = _find_context()
    if context is None:
        function(*arguments)
        return

    def call(strategy: tf.distribute.Strategy, *values: Any) -> None:
        def take_first(value: Any) -> Any:
            return strategy.experimental_local_results(value)[0]

        function(*keras.tree.map_structure(take_first, values))

    context.merge_call(call, args=arguments)


def _find_context() -> tf.distribute.ReplicaContext | None:
    """Return the replica context; None if there is only one replica."""
    context = tf.distribute.get_replica_context()
    is_alone = context is None or context.num_replicas_in_sync == 1
    return None if is_alone else context
