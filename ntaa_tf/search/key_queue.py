"""The keys of the images before: what a query is told apart from."""

from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute import gather


class KeyQueue:
    """Keys in the order they came; the oldest give way to new ones.

    It begins with random directions.

    Args:
        length: how many keys it holds.
        size: of a key.
        seed: of the keys at first.

    Source: He et al., "Momentum Contrast for Unsupervised Visual
    Representation Learning", algorithm 1.

    Example:
    >>> queue = KeyQueue(length=4, size=2)
    >>> queue.put(np.eye(2, dtype="float32"))
    >>> print(queue.keys.numpy()[:2].tolist())
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, length: int, size: int, seed: int = 0):
        self.length = length
        draws = keras.random.normal((length, size), seed=seed)
        self.keys = keras.Variable(
            ops.normalize(draws, axis=1),
            trainable=False,
            name="keys",
            aggregation="only_first_replica",
        )
        self.oldest = keras.Variable(
            0,
            trainable=False,
            dtype="int32",
            name="oldest",
            aggregation="only_first_replica",
        )

    @property
    def variables(self) -> list[keras.Variable]:
        """The keys, and where the oldest is."""
        return [self.keys, self.oldest]

    def put(self, keys: Any) -> None:
        """Replace the oldest keys.

        Of several replicas, every one puts the keys of all.

        Args:
            keys: (batch, size), at most as many as the queue holds.

        Raises:
            ValueError: if there are more, and that is known in advance.
        """
        keys = gather(keys)
        count = ops.shape(keys)[0]  # Several workers know it step by step.
        if isinstance(count, int) and count > self.length:
            raise ValueError(
                "Invalid value for `keys`. Expected at most the "
                f"{self.length} that the queue holds. Received: {count}."
            )
        rows = (self.oldest + ops.arange(count)) % self.length
        self.keys.assign(
            ops.scatter_update(
                ops.convert_to_tensor(self.keys), rows[:, None], keys
            )
        )
        self.oldest.assign((self.oldest + count) % self.length)
