"""The optimizers of weights and logits."""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import keras

from ntaa_tf.distribute import Replicated

# A new depthwise kernel beside a trained pointwise one begins as a delta, of
# length 1; trained ones are some ten times longer, and batch norm makes a step
# count relative to the length. At full speed it would leave its start, and its
# gradient would use up the clipped norm, before anything else has learnt.
CAREFUL_SHARE = 1 / 64


@keras.saving.register_keras_serializable(package="ntaa_tf")
class ReplicatedSGD(Replicated, keras.optimizers.SGD):
    """SGD, alike on one replica and on several."""


@keras.saving.register_keras_serializable(package="ntaa_tf")
class ReplicatedAdam(Replicated, keras.optimizers.Adam):
    """Adam, alike on one replica and on several."""


@keras.saving.register_keras_serializable(package="ntaa_tf")
class CarefulSGD(ReplicatedSGD):
    """SGD that moves some weights by a share of their gradient.

    Args:
        careful: the variables of which it moves but a share. They are no part
            of the configuration.
        **kwargs: of `keras.optimizers.SGD`.

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
        """Move the variables; the share is taken before the norm is clipped."""
        if trainable_variables is None:
            variables = self._trainable_variables
        else:
            variables = trainable_variables = list(trainable_variables)
        grads = [
            self._weigh(gradient, variable)
            for gradient, variable in zip(grads, variables, strict=True)
        ]
        super().apply(grads, trainable_variables)

    def _weigh(self, gradient: Any, variable: keras.Variable) -> Any:
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
    """Make the optimizer of the weights: SGD on a cosine, decay on kernels.

    Args:
        model: what it will train; it decides what decays.
        learning_rate: at step 0.
        weight_decay: decoupled from the gradient, times the learning rate.
        total_steps: where the learning rate reaches 0, in batches.
        first_step: where on the cosine this training begins.
        accumulation_steps: batches whose mean gradient is one update.
        scales_loss: whether the loss is scaled, and updates whose gradients
            overflow are skipped, as float16 needs it.
        careful: what moves by a share of its gradient only.
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
    # The schedule counts batches, `optimizer.iterations` counts updates.
    batches, *_ = optimizer.variables
    batches.assign(first_step // accumulation_steps * accumulation_steps)
    if scales_loss:
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def count_accumulated(accumulation_steps: int) -> int | None:
    """Give what Keras's optimizers take for a number of batches, 1 or more."""
    return accumulation_steps if accumulation_steps > 1 else None
