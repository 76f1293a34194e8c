"""Optimizers that step alike on one replica and on several."""

from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute.replicas import count_replicas
from ntaa_tf.distribute.replicas import run_once
from ntaa_tf.distribute.replicas import sum_over_replicas


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
            "`Replicated`, as those of `ntaa_tf.training.optimizers` are, with "
            f"{count_replicas()} replicas. Received: {optimizer.name}."
        )
