"""Ties between channels: which of them can only be cut together."""

import numpy as np


class ChannelTies:
    """Union-find over channels, which are numbers in the order of their making.

    Tied channels form a class. A pinned channel, and so its whole class, can't
    be cut.

    Example:
    >>> ties = ChannelTies()
    >>> first, second = ties.add(2), ties.add(2)
    >>> ties.tie(first, second)
    >>> [ties.find(channel) for channel in second]
    [0, 1]
    """

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._reasons: dict[int, str] = {}

    def add(self, count: int) -> np.ndarray:
        """Return the numbers of new channels, tied to no others."""
        first = len(self._parents)
        channels = np.arange(first, first + count)
        self._parents.extend(channels.tolist())
        return channels

    def find(self, channel: int) -> int:
        """Return the first channel of the class, which stands for it."""
        root = int(channel)
        while self._parents[root] != root:
            # Each step halves the path for later searches.
            self._parents[root] = self._parents[self._parents[root]]
            root = self._parents[root]
        return root

    def tie(self, first: np.ndarray, second: np.ndarray) -> None:
        """Tie channels one by one: the k-th of both are cut together."""
        for one, other in zip(first, second, strict=True):
            low, high = sorted((self.find(one), self.find(other)))
            self._parents[high] = low
            if high in self._reasons:
                self._reasons.setdefault(low, self._reasons.pop(high))

    def pin(self, channels: np.ndarray, reason: str) -> None:
        """Pin the classes of channels, for a reason in words."""
        for channel in channels:
            self._reasons.setdefault(self.find(channel), reason)

    def explain(self, channel: int) -> str | None:
        """Return why a channel is pinned; None if it is free."""
        return self._reasons.get(self.find(channel))
