"""A second head, with which another domain's identities judge the logits."""

from typing import Any

import keras
from keras import ops


class TargetHead:
    """A classifier of identities that the network's own head does not know.

    It learns from the batches of the logits. Its loss contributes to the
    gradient of the logits alone: no weight of the network learns from it. It is
    not a part of the network and is not saved with it.

    Args:
        channels: number of channels of the embedding.
        num_identities: length of the one-hot labels of the other domain.
        share: share of its cross-entropy in the loss of the logits. The rest
            is the network's architecture loss.
        optimizer: optimizer of its kernel.

    Source: this project's choice. Xing, "Neural Architecture Search for Domain
    Adaption", equation 9, has a cross-entropy of the target's identities, but
    describes no classifier of them.

    Example:
    >>> head = TargetHead(8, 5, share=0.5, optimizer=keras.optimizers.SGD())
    >>> labels, embeddings = np.eye(5)[[0, 3]], np.ones((2, 8), "float32")
    >>> print(f"{float(head.compute_loss(labels, embeddings)):.4f}")
    1.6094
    """

    def __init__(
        self,
        channels: int,
        num_identities: int,
        share: float,
        optimizer: keras.optimizers.Optimizer,
    ):
        self.share = share
        self.kernel = keras.Variable(
            ops.zeros((channels, num_identities)), name="target_kernel"
        )
        self.optimizer = optimizer
        optimizer.build([self.kernel])

    @property
    def variables(self) -> list[keras.Variable]:
        """The kernel and the state of its optimizer."""
        return [self.kernel, *self.optimizer.variables]

    def compute_loss(self, labels: Any, embeddings: Any) -> Any:
        """Compute the mean cross-entropy of a batch.

        Args:
            labels: one-hot labels, (batch, identities).
            embeddings: embeddings, (batch, channels).
        """
        kernel = ops.cast(self.kernel, embeddings.dtype)
        # In float16 the softmax of large logits would overflow.
        logits = ops.cast(ops.matmul(embeddings, kernel), "float32")
        return ops.mean(
            keras.losses.categorical_crossentropy(
                labels, logits, from_logits=True
            )
        )

    def learn(self, gradient: Any) -> None:
        """Move the kernel by a gradient."""
        self.optimizer.apply([gradient], [self.kernel])
