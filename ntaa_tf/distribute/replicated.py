"""Optimizers that take the same steps on one replica and on several."""

from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute.replicas import count_replicas
from ntaa_tf.distribute.replicas import run_once
from ntaa_tf.distribute.replicas import sum_over_replicas


class Replicated(keras.optimizers.Optimizer):
    """Mixin: an optimizer that takes the same steps on any number of replicas.

    Keras's optimizers clip or accumulate the gradients of each replica and
    sum them afterwards, which is another step. This one sums the gradients
    first; everything else happens once for all replicas.
    """

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Update the variables by the summed gradients of all replicas.

        Args:
            grads: gradients of this replica; or, in a cross-replica context,
                their sums.
            trainable_variables: variables of the gradients.
        """
        gradients = sum_over_replicas(list(grads))
        run_once(super().apply, gradients, trainable_variables)

    # Keras's versions of these methods need a replica context, but `run_once`
    # calls them in the cross-replica context.

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
    """Raise a ValueError for an optimizer that can't handle the replicas."""
    if count_replicas() > 1 and not isinstance(optimizer, Replicated):
        raise ValueError(
            f"The optimizer {optimizer.name!r} can't train on "
            f"{count_replicas()} replicas. Use one of "
            "`ntaa_tf.training.optimizers`, such as `ReplicatedSGD`."
        )
