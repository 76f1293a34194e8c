"""The channels of every tensor of a model, as plain numbers.

Each symbolic tensor gets an array with the number of each of its channels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ntaa_tf.graph.channel_ties import ChannelTies
from ntaa_tf.graph.walk import Call


@dataclass(frozen=True)
class Channels:
    """The channels of one symbolic tensor.

    Args:
        axis: index of the axis that they lie along.
        numbers: number of the channel at each position.
    """

    axis: int
    numbers: np.ndarray


class ChannelTrace:
    """The channels that each operation of a model reads and makes.

    It begins empty; `trace_channels` fills it, call by call.

    Attributes:
        ties: what ties the channels.
        reads: channels that a layer with weights reads, by its name. Those of
            its kernel's rows, if it has a kernel.
        writes: channels that a layer with weights makes or passes on, by name.
        padding: zero channels before and behind those that a ZeroPadding2D
            along the channels reads, and the axis, by name.
        makers: names of the operations that make channels, in order.
        reshaped: names of Reshape layers that end with the channels.
        padded_pixels: names of ZeroPadding2D layers that pad in space.
        pinned: names of the operations that a call without a rule pinned.
    """

    def __init__(self) -> None:
        self.ties = ChannelTies()
        self.reads: dict[str, np.ndarray] = {}
        self.writes: dict[str, np.ndarray] = {}
        self.padding: dict[str, tuple[np.ndarray, np.ndarray, int]] = {}
        self.makers: dict[str, np.ndarray] = {}
        self.reshaped: set[str] = set()
        self.padded_pixels: set[str] = set()
        self.pinned: set[str] = set()
        self._of: dict[int, Channels] = {}

    def of(self, tensor: Any) -> Channels:
        """Return the channels of a symbolic tensor."""
        return self._of[id(tensor)]

    def add(self, tensor: Any) -> Channels:
        """Return new channels of a tensor, along its last axis."""
        count = tensor.shape[-1] if len(tensor.shape) > 1 else None
        found = Channels(len(tensor.shape) - 1, self.ties.add(count or 0))
        self._of[id(tensor)] = found
        return found

    def pin(self, call: Call) -> None:
        """Pin all that an unknown operation reads and makes."""
        layer = call.operation
        reason = f"{layer.name} ({type(layer).__name__}) has no rule"
        for tensor in call.inputs:
            self.ties.pin(self.of(tensor).numbers, reason)
        for tensor in call.outputs:
            self.ties.pin(self.add(tensor).numbers, reason)
        # Other calls of the same layer may have a rule.
        self.pinned.add(layer.name)
        for known in (self.reads, self.writes, self.makers):
            self.ties.pin(known.get(layer.name, np.array([], int)), reason)

    def read_last(self, call: Call) -> np.ndarray | None:
        """Return the channels of the only input, if they lie along its end."""
        found = self.of(call.inputs[0])
        is_last = found.axis == len(call.inputs[0].shape) - 1
        return found.numbers if is_last and len(call.inputs) == 1 else None

    def set(self, call: Call, numbers: np.ndarray) -> bool:
        """Set the channels of the only output, along its last axis."""
        axis = len(call.output.shape) - 1
        if len(call.outputs) > 1 or call.output.shape[axis] != len(numbers):
            return False
        self._of[id(call.output)] = Channels(axis, numbers)
        return True

    def set_along(self, call: Call, axis: int, numbers: np.ndarray) -> bool:
        """Set the channels of the only output along an axis."""
        self._of[id(call.output)] = Channels(axis, numbers)
        return True

    def remember(
        self, name: str, reads: np.ndarray, writes: np.ndarray
    ) -> None:
        """Store what a layer reads and writes; ties the calls of one layer."""
        for kept, numbers in ((self.reads, reads), (self.writes, writes)):
            if name in kept:
                self.ties.tie(kept[name], numbers)
            kept.setdefault(name, numbers)
