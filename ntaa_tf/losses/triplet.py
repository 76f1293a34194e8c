"""The batch-hard triplet loss."""

from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute import gather

# The slope of a root is infinite at 0. Squared distances below this have the
# gradient 0.
SMALLEST_SQUARE = 1e-12
FAR = 1e30  # Squared distance of pairs that are masked out.


@keras.saving.register_keras_serializable(package="ntaa_tf")
class BatchHardTriplet(keras.losses.Loss):
    """Triplet loss on the hardest positive and negative of each example.

    The loss of an example a is max(0, m + d(a, p) - d(a, n)), where p is the
    farthest example of the same identity in the batch, n the nearest example
    of another identity, and d the Euclidean distance. If the batch has no
    other identity the loss is 0. The batch spans all replicas.

    Source: Hermans et al., "In Defense of the Triplet Loss", equation 5.
    Equation 8 of "Neural Architecture Search for Domain Adaption" prints
    max(m, d(a, p) - d(a, n)), whose gradient is 0 if d(a, p) - d(a, n) < m.

    Args:
        margin: m, in units of the embedding.
        name: name of the loss.
        **kwargs: as for any Keras loss.

    Call arguments:
        y_true: one-hot labels (batch, identities).
        y_pred: embeddings (batch, channels).

    Example:
    >>> embeddings = np.array([[0.0], [1.0], [1.1], [2.2]], "float32")
    >>> labels = np.eye(2)[[0, 0, 1, 1]]
    >>> print(f"{float(BatchHardTriplet(margin=0.3)(labels, embeddings)):.3f}")
    0.725
    """

    def __init__(
        self,
        margin: float = 0.3,
        name: str = "batch_hard_triplet",
        **kwargs: Any,
    ):
        if not margin >= 0:
            raise ValueError(
                "Invalid value for `margin`. Expected 0 or more. Received: "
                f"{margin!r}."
            )
        super().__init__(name=name, **kwargs)
        self.margin = margin

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the loss of each example (batch,)."""
        labels = ops.cast(y_true, y_pred.dtype)
        others = gather(y_pred)
        same = ops.matmul(labels, ops.transpose(gather(labels))) > 0.5
        # The matrix of all distances only selects p and n. Their distances are
        # computed anew below, exactly and with a gradient.
        squares = ops.stop_gradient(_square_distances(y_pred, others))
        positive = ops.argmax(ops.where(same, squares, -FAR), axis=1)
        negative = ops.argmin(ops.where(same, FAR, squares), axis=1)
        hinge = (
            self.margin
            + _measure_distance(y_pred, ops.take(others, positive, axis=0))
            - _measure_distance(y_pred, ops.take(others, negative, axis=0))
        )
        has_negative = ops.logical_not(ops.all(same, axis=1))
        return ops.where(has_negative, ops.relu(hinge), 0.0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {**super().get_config(), "margin": self.margin}


def _square_distances(embeddings: Any, others: Any) -> Any:
    """Compute all squared distances (batch, others), exact enough to rank.

    They are |a|² + |b|² − 2ab relative to the mean. Relative to an origin far
    away, rounding of the large squares would hide the differences.
    """
    mean = ops.mean(others, axis=0)
    embeddings, others = embeddings - mean, others - mean
    products = ops.matmul(embeddings, ops.transpose(others))
    squares, other_squares = (
        ops.sum(ops.square(part), axis=1) for part in (embeddings, others)
    )
    return squares[:, None] + other_squares[None, :] - 2.0 * products


def _measure_distance(first: Any, second: Any) -> Any:
    square = ops.sum(ops.square(first - second), axis=1)
    return ops.sqrt(ops.maximum(square, SMALLEST_SQUARE))
