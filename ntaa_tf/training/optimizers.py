"""Optimizers of the network weights, on one replica or on several."""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import keras

from ntaa_tf.distribute import Replicated

# Gradient scale of new depthwise kernels beside a trained pointwise kernel.
# A new kernel starts as a delta, of norm 1; trained kernels have about ten
# times that norm. Batch norm makes the effect of a step relative to the norm,
# so at full speed the new kernel would leave its start at once. Its gradient
# would also use up the clipped norm before anything else has learnt.
CAREFUL_SHARE = 1 / 64


@keras.saving.register_keras_serializable(package="ntaa_tf")
class ReplicatedSGD(Replicated, keras.optimizers.SGD):
    """SGD that takes the same steps on one replica and on several."""


@keras.saving.register_keras_serializable(package="ntaa_tf")
class ReplicatedAdam(Replicated, keras.optimizers.Adam):
    """Adam that takes the same steps on one replica and on several."""


@keras.saving.register_keras_serializable(package="ntaa_tf")
class CarefulSGD(ReplicatedSGD):
    """SGD that scales the gradients of chosen variables by CAREFUL_SHARE.

    Args:
        careful: variables with scaled gradients. They are not part of the
            configuration, so a reopened optimizer has none.
        **kwargs: arguments of `keras.optimizers.SGD`.

    Example:
    >>> weights = [keras.Variable(1.0), keras.Variable(1.0)]
    >>> optimizer = CarefulSGD(careful=weights[1:], learning_rate=0.5)
    >>> optimizer.apply([keras.ops.ones(()), keras.ops.ones(())], weights)
    >>> [float(weight) for weight in weights]
    [0.5, 0.9921875]
    """

    def __init__(self, careful: Iterable[keras.Variable] = (), **kwargs: Any):
        super().__init__(**kwargs)
        self._careful = {id(variable) for variable in careful}

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Move the variables; scale gradients before their norm is clipped."""
        if trainable_variables is None:
            variables = self._trainable_variables
        else:
            variables = trainable_variables = list(trainable_variables)
        grads = [
            self._scale(gradient, variable)
            for gradient, variable in zip(grads, variables, strict=True)
        ]
        super().apply(grads, trainable_variables)

    def _scale(self, gradient: Any, variable: keras.Variable) -> Any:
        if gradient is None or id(variable) not in self._careful:
            return gradient
        return gradient * CAREFUL_SHARE


def make_optimizer(
    model: keras.Model,
    learning_rate: float,
    weight_decay: float,
    total_steps: int,
    first_step: int = 0,
    accumulation_steps: int = 1,
    scales_loss: bool = False,
    careful: Sequence[keras.Variable] = (),
) -> keras.optimizers.Optimizer:
    """Build the optimizer of the weights: SGD with a cosine schedule.

    Momentum is 0.9 (Nesterov), the global gradient norm is clipped at 5, and
    weight decay acts on kernels only.

    Args:
        model: model to train; its variables decide what decays.
        learning_rate: learning rate at step 0 of the cosine.
        weight_decay: decoupled weight decay, multiplied by the learning rate.
        total_steps: number of batches after which the learning rate is 0.
        first_step: batch of the cosine at which this training starts.
        accumulation_steps: number of batches whose mean gradient makes one
            update.
        scales_loss: whether to scale the loss and to skip updates that
            overflow, as float16 needs it.
        careful: variables whose gradient is scaled by CAREFUL_SHARE.

    Returns:
        The optimizer, not built yet.
    """
    optimizer = CarefulSGD(
        careful,
        learning_rate=keras.optimizers.schedules.CosineDecay(
            learning_rate, total_steps
        ),
        momentum=0.9,
        nesterov=True,
        weight_decay=weight_decay or None,
        global_clipnorm=5.0,
        gradient_accumulation_steps=count_accumulated(accumulation_steps),
    )
    optimizer.exclude_from_weight_decay(
        var_list=[
            variable
            for variable in model.trainable_variables
            if not variable.name.endswith("kernel")
        ]
    )
    # The first variable counts batches and drives the schedule, while
    # `optimizer.iterations` counts updates. Rounding down to a multiple makes
    # the first update a whole one.
    batches, *_ = optimizer.variables
    batches.assign(first_step // accumulation_steps * accumulation_steps)
    if scales_loss:
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def count_accumulated(accumulation_steps: int) -> int | None:
    """Return `gradient_accumulation_steps` for a Keras optimizer.

    Keras wants None, not 1, for no gradient accumulation.
    """
    return accumulation_steps if accumulation_steps > 1 else None
