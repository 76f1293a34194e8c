"""What the replicas of a training do together."""

import concurrent.futures
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops


def count_replicas() -> int:
    """Count the replicas of the context that this is called in."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def share_loss(loss: Any) -> Any:
    """Give a replica's share of a mean loss, as losses of Keras are it."""
    return loss / count_replicas()


def restore_loss(share: Any) -> Any:
    """Give the mean loss of which a replica has the share."""
    return share * count_replicas()


def sum_over_replicas(tensors: list[Any]) -> list[Any]:
    """Add up what each replica has; None stays None."""
    context = _find_context()
    present = [tensor for tensor in tensors if tensor is not None]
    if context is None or not present:
        return tensors
    sums = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, present))
    return [None if tensor is None else next(sums) for tensor in tensors]


def gather(tensor: Any) -> Any:
    """Join the rows of all replicas, of equal parts, the first one's first.

    It can be differentiated.
    """
    context = _find_context()
    if context is None:
        return tensor
    rows, *shape = tensor.shape
    replicas = context.num_replicas_in_sync
    own = ops.arange(replicas) == context.replica_id_in_sync_group
    own = ops.reshape(ops.cast(own, tensor.dtype), (-1, *[1] * tensor.ndim))
    # All rows of zeros but its own: what is gathered by TensorFlow has to have
    # a device, and what Keras computes on one worker of several has none.
    gathered = context.all_reduce(
        tf.distribute.ReduceOp.SUM, own * tensor[None]
    )
    count = -1 if rows is None else rows * replicas
    return ops.reshape(gathered, (count, *shape))


def run_alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function on one device, whatever it is called in.

    Args:
        function: makes its own variables.
        *arguments: of the function.

    Returns:
        What it returns.
    """
    if not tf.distribute.has_strategy():
        return function(*arguments)
    # A strategy is entered by a thread, and another one is in none.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()


def run_once(function: Callable[..., None], *arguments: Any) -> None:
    """Let a function move the variables of all replicas at once.

    What several replicas do with variables together can't be in a branch of a
    conditional. In this function it can: it is called for all of them, and
    what it assigns is assigned to each.

    Args:
        function: returns nothing.
        *arguments: trees of tensors, equal in all replicas.
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
    """Find the replica that calls, None where there are no others."""
    context = tf.distribute.get_replica_context()
    is_alone = context is None or context.num_replicas_in_sync == 1
    return None if is_alone else context
