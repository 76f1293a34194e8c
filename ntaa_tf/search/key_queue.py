"""The queue of keys of earlier images: the negatives of InfoNCE."""

from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute import gather


class KeyQueue:
    """A first-in, first-out queue of keys, with a fixed length.

    It starts with random unit vectors.

    Args:
        length: number of keys.
        size: number of components of a key.
        seed: random seed of the initial keys.

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
        """The keys, and the row of the oldest key."""
        return [self.keys, self.oldest]

    def put(self, keys: Any) -> None:
        """Replace the oldest keys.

        Each replica holds a copy of the whole queue and puts the keys of all
        replicas into it, so that the copies stay equal.

        Args:
            keys: new keys, (batch, size), at most as many as the queue holds.

        Raises:
            ValueError: if the number of keys is known and exceeds the length.
        """
        keys = gather(keys)
        # An integer on one worker; with several workers a tensor, whose value
        # is known only in the step.
        count = ops.shape(keys)[0]
        if isinstance(count, int) and count > self.length:
            raise ValueError(
                f"The queue holds {self.length} keys, but a batch has {count}. "
                "Use a longer queue or a smaller batch."
            )
        # A ring buffer: row (oldest + i) mod length takes the i-th new key.
        # With count ≤ length all rows differ, so the scatter is well defined.
        rows = (self.oldest + ops.arange(count)) % self.length
        self.keys.assign(
            ops.scatter_update(
                ops.convert_to_tensor(self.keys), rows[:, None], keys
            )
        )
        self.oldest.assign((self.oldest + count) % self.length)
