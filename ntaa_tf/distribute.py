"""Training on several devices at once: each has a part of every batch."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

NONE, MIRRORED = STRATEGIES = ("none", "mirrored")


def enter_strategy(distribute: str) -> contextlib.AbstractContextManager[Any]:
    """Give the context in which models are made, trained and measured.

    Args:
        distribute: `none`; or `mirrored`, a replica on every GPU of this
            machine, or on every CPU device where it has none.

    Raises:
        ValueError: if it is neither.

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
    return _make_mirrored().scope()


# Another one would number its reductions as the first did, and mix them up.
@functools.cache
def _make_mirrored() -> tf.distribute.Strategy:
    list_devices = tf.config.list_logical_devices
    devices = list_devices("GPU") or list_devices("CPU")
    return tf.distribute.MirroredStrategy([d.name for d in devices])


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
    gathered = context.all_gather(tensor, axis=0)
    count = -1 if rows is None else rows * context.num_replicas_in_sync
    return ops.reshape(gathered, (count, *shape))


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


class Replicated(keras.optimizers.Optimizer):
    """Makes an optimizer step alike on one replica and on several.

    Keras's own clips the gradients of each replica, or accumulates them, and
    adds them up after that, which is another step. Here their sum comes
    first, and all else is done once for all replicas.
    """

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Move the variables by the gradients of all replicas.

        Args:
            grads: of one replica, or of all in a cross-replica context.
            trainable_variables: to which they belong.
        """
        gradients = sum_over_replicas(list(grads))
        run_once(super().apply, gradients, trainable_variables)

    # Keras's own versions of these ask for a replica, and there is none.

    def _apply_weight_decay(self, variables: Any) -> None:
        if self.weight_decay is None:
            return
        for variable in variables:
            if self._use_weight_decay(variable):
                rate = ops.cast(self.learning_rate, variable.dtype)
                variable.assign_sub(variable * self.weight_decay * rate)

    def _backend_update_step(
        self, grads: Any, trainable_variables: Any, learning_rate: Any
    ) -> None:
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            self.update_step(gradient, variable, learning_rate)

    def _backend_increment_gradient_accumulators(
        self, grads: Any, acc_grads: Any
    ) -> None:
        for gradient, accumulated in zip(grads, acc_grads, strict=True):
            accumulated.assign(accumulated + gradient)


def check_optimizer(optimizer: keras.optimizers.Optimizer) -> None:
    """Raise a ValueError unless it is for as many replicas as there are."""
    if count_replicas() > 1 and not isinstance(optimizer, Replicated):
        raise ValueError(
            "Invalid value for `optimizer`. Expected one that is "
            "`Replicated`, as those of `ntaa_tf.optimizer` are, with "
            f"{count_replicas()} replicas. Received: {optimizer.name}."
        )
