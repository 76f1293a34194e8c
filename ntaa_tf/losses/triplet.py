"""The triplet loss on the hardest examples of a batch."""

from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute import gather

# Below, the root's slope is taken as 0, which keeps gradients finite.
SMALLEST_SQUARE = 1e-12
FAR = 1e30


@keras.saving.register_keras_serializable(package="ntaa_tf")
class BatchHardTriplet(keras.losses.Loss):
    """Pulls the farthest of an identity closer than the nearest of another.

    For every example of a batch max(0, m + d(a, p) - d(a, n)), with p the
    farthest example of the same identity, n the nearest of another one, and d
    the Euclidean distance. An example without another identity in its batch
    costs nothing. The batch is that of all replicas.

    Called with one-hot labels (batch, identities) and embeddings (batch,
    channels).

    Source: Hermans et al., "In Defense of the Triplet Loss", equation 5. The
    hinge of "Neural Architecture Search for Domain Adaption", equation 8, is
    misprinted: it is flat where the triplets are right.

    Args:
        margin: m, in units of the embedding.
        name: of the loss.
        **kwargs: as of any Keras loss.

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
        """Give the loss of each example (batch,)."""
        labels = ops.cast(y_true, y_pred.dtype)
        others = gather(y_pred)
        same = ops.matmul(labels, ops.transpose(gather(labels))) > 0.5
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
        """Give the arguments."""
        return {**super().get_config(), "margin": self.margin}


def _square_distances(embeddings: Any, others: Any) -> Any:
    """Give all squared distances (batch, others), good enough to rank.

    Around the mean: far from it, the differences of squares would be rounded.
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
