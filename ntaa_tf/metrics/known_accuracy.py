"""Accuracy on partly labelled examples."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ntaa_tf")
class KnownAccuracy(keras.metrics.Mean):
    """Accuracy over the examples whose label is known.

    Call arguments:
        y_true: one-hot labels (batch, classes). A missing label is all zeros.
        y_pred: logits (batch, classes).
        sample_weight: weight of each example (batch,), optional.

    Example:
    >>> labels = np.array([[0, 1], [1, 0], [0, 0]], "float32")
    >>> logits = np.array([[1, 2], [1, 2], [1, 2]], "float32")
    >>> float(KnownAccuracy()(labels, logits))
    0.5
    """

    def __init__(self, name: str = "accuracy", **kwargs: Any):
        super().__init__(name=name, **kwargs)

    def update_state(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Add a batch."""
        is_known = ops.cast(ops.sum(y_true, axis=-1) > 0, self.dtype)
        if sample_weight is not None:
            is_known *= ops.cast(sample_weight, self.dtype)
        is_right = ops.argmax(y_true, -1) == ops.argmax(y_pred, -1)
        super().update_state(ops.cast(is_right, self.dtype), is_known)
