"""Cross-entropy of labels of which some are missing."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ntaa_tf")
class KnownCrossEntropy(keras.losses.Loss):
    """Cross-entropy of logits; an example whose label is missing costs nothing.

    Called with labels (batch, classes), one-hot or mixed, zeros where missing,
    and logits (batch, classes). Keras's own loss has a gradient there: that of
    a label that no class has.

    Example:
    >>> labels = np.array([[0.0, 1.0], [0.0, 0.0]], "float32")
    >>> logits = np.zeros((2, 2), "float32")
    >>> print(f"{float(KnownCrossEntropy()(labels, logits)):.4f}")
    0.3466
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Give the loss of each example (batch,)."""
        labels = ops.cast(y_true, y_pred.dtype)
        return -ops.sum(labels * ops.log_softmax(y_pred), axis=-1)
