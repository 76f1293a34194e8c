"""Training losses that weigh each example by its class."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.training.rematerialization import Rematerialized


@keras.saving.register_keras_serializable(package="ntaa_tf")
class ClassWeighted(Rematerialized):
    """Functional model whose training loss weighs examples by their classes.

    The loss of a batch of B examples is Σ w · l / B, as with the weights of
    examples in Keras. Neither evaluation nor metrics are weighted.

    Example:
    >>> inputs = keras.Input((2,))
    >>> model = ClassWeighted(inputs, keras.layers.Dense(2)(inputs))
    >>> loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    >>> model.compile(loss=loss, class_weights=[np.array([0.5, 2.0])])
    >>> model.weigh(np.array([[0.0, 1.0], [1.0, 0.0]])).numpy().tolist()
    [2.0, 0.5]
    """

    _class_weights: tuple[np.ndarray, ...] | None = None

    def compile(
        self,
        optimizer: Any = "sgd",
        *,
        class_weights: Sequence[np.ndarray] | None = None,
        **kwargs: Any,
    ) -> None:
        """Configure the training.

        Args:
            optimizer: optimizer of the weights.
            class_weights: for each output, the weights of its classes; None
                weighs all alike. They are not saved with the model.
            **kwargs: arguments of `Rematerialized.compile`.
        """
        super().compile(optimizer=optimizer, **kwargs)
        if class_weights is not None:
            class_weights = tuple(
                np.asarray(weights, "float32") for weights in class_weights
            )
        self._class_weights = class_weights

    def weigh(self, targets: Any, sample_weight: Any = None) -> Any:
        """Return the weight of each example of a batch, for each output.

        A mixed example, as of CutMix, has the mixed weight of its classes.

        Args:
            targets: one-hot or mixed labels (batch, classes) of each output.
            sample_weight: weights to return if classes have none.
        """
        if self._class_weights is None:
            return sample_weight
        weights = [
            ops.matmul(ops.cast(target, "float32"), of_classes)
            for target, of_classes in zip(
                keras.tree.flatten(targets), self._class_weights, strict=True
            )
        ]
        return keras.tree.pack_sequence_as(targets, weights)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Compute the loss of a batch, weighted in training."""
        if training:
            sample_weight = self.weigh(y, sample_weight)
        return super().compute_loss(x, y, y_pred, sample_weight, training)
