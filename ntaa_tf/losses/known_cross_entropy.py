"""Cross-entropy on partly labelled examples."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ntaa_tf")
class KnownCrossEntropy(keras.losses.Loss):
    """Cross-entropy of logits that is 0 for examples without a label.

    Keras's own cross-entropy has a gradient for labels that are all zeros.

    Call arguments:
        y_true: labels (batch, classes), one-hot or mixed. A missing label is
            all zeros.
        y_pred: logits (batch, classes).

    Example:
    >>> labels = np.array([[0.0, 1.0], [0.0, 0.0]], "float32")
    >>> logits = np.zeros((2, 2), "float32")
    >>> print(f"{float(KnownCrossEntropy()(labels, logits)):.4f}")
    0.3466
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the loss of each example (batch,)."""
        labels = ops.cast(y_true, y_pred.dtype)
        return -ops.sum(labels * ops.log_softmax(y_pred), axis=-1)
