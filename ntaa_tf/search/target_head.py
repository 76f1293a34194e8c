"""A second head, by which another domain's identities judge an architecture."""

from typing import Any

import keras
from keras import ops


class TargetHead:
    """A classifier of identities that the network's own head does not know.

    It learns from the batches that judge the logits. Of what it says only the
    logits' gradient is used: no weight of the network learns from it. It is no
    part of the network, and is not saved with it.

    Args:
        channels: of the embedding.
        num_identities: as many as the labels of the other domain are encoded
            with.
        share: of its cross-entropy in the loss by which logits are judged; the
            network's architecture loss has the rest.
        optimizer: of its weights.

    Source: a choice where Xing, "Neural Architecture Search for Domain
    Adaption", equation 9, has a cross-entropy of the target's identities, and
    no classifier of them.

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
        """Its weights, and the state of their optimizer."""
        return [self.kernel, *self.optimizer.variables]

    def compute_loss(self, labels: Any, embeddings: Any) -> Any:
        """Give the mean cross-entropy of a batch.

        Args:
            labels: one-hot, (batch, identities).
            embeddings: (batch, channels).
        """
        kernel = ops.cast(self.kernel, embeddings.dtype)
        logits = ops.cast(ops.matmul(embeddings, kernel), "float32")
        return ops.mean(
            keras.losses.categorical_crossentropy(
                labels, logits, from_logits=True
            )
        )

    def learn(self, gradient: Any) -> None:
        """Move its weights."""
        self.optimizer.apply([gradient], [self.kernel])
