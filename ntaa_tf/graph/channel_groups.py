"""Groups of channels that are cut together, and the reasons of the pinned."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from ntaa_tf.graph.channel_rules import trace_channels
from ntaa_tf.graph.free_names import find_free_name
from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.rewrite import flatten


@dataclass(frozen=True)
class ChannelGroup:
    """Channels that the same operations make, each cut from all of them.

    Args:
        name: name of the first layer that makes the channels.
        width: number of channels that can be cut one by one.
        makers: names of the operations that make them: convolutions, Dense
            layers, and paddings with zero channels.
        readers: names of the layers whose kernels read them.
        pinned: the reason why none can be cut, in words; None if they can.
    """

    name: str
    width: int
    makers: tuple[str, ...]
    readers: tuple[str, ...]
    pinned: str | None = None


class ChannelMap:
    """The channel groups of a model, and where each stands in its weights.

    Args:
        model: functional or Sequential model. It is not modified.

    Attributes:
        model: the model, or a copy of it without nested models.
        trace: the channels of each operation of this model.
        groups: the groups, in the order in which their channels are made.
    """

    def __init__(self, model: keras.Model):
        is_nested = any(isinstance(each, keras.Model) for each in model.layers)
        self.model = flatten(model) if is_nested else as_functional(model)
        self.trace = trace_channels(self.model)
        self._classes = self._collect()
        self.groups: dict[str, ChannelGroup] = {}
        self._place: dict[int, tuple[str, int]] = {}
        for (makers, pinned), roots in self._classes.items():
            name = find_free_name(
                self._choose_name(makers), set(self.groups), first=2
            )
            readers = self._find_readers(roots)
            self.groups[name] = ChannelGroup(
                name, len(roots), makers, readers, pinned
            )
            for index, root in enumerate(roots):
                self._place[root] = name, index

    def select(
        self, numbers: np.ndarray, kept: dict[str, np.ndarray]
    ) -> np.ndarray:
        """Return the positions of the kept ones among channels.

        Args:
            numbers: numbers of the channels.
            kept: for some groups, by name, whether each channel is kept.
        """
        is_kept = [self._is_kept(number, kept) for number in numbers]
        return np.flatnonzero(is_kept)

    def _is_kept(self, number: int, kept: dict[str, np.ndarray]) -> bool:
        place = self._place.get(self.trace.ties.find(number))
        if place is None:  # Made by an operation without a rule.
            return True
        name, index = place
        return name not in kept or bool(kept[name][index])

    def _collect(self) -> dict[tuple[tuple[str, ...], str | None], list[int]]:
        """Collect the classes with the same makers, and the same reason."""
        makers: dict[int, dict[str, None]] = {}
        for name, numbers in self.trace.makers.items():
            for number in numbers:
                makers.setdefault(self.trace.ties.find(number), {})[name] = None
        collected: dict[Any, list[int]] = {}
        for root in sorted(makers):
            pinned = self.trace.ties.explain(root)
            collected.setdefault((tuple(makers[root]), pinned), []).append(root)
        return collected

    def _choose_name(self, makers: tuple[str, ...]) -> str:
        """Return the first operation that makes more than zeros."""
        with_kernel = [m for m in makers if m not in self.trace.padding]
        return (with_kernel or makers)[0]

    def _find_readers(self, roots: list[int]) -> tuple[str, ...]:
        known = set(roots)
        return tuple(
            name
            for name, numbers in self.trace.reads.items()
            if name in self.trace.makers
            and not known.isdisjoint(map(self.trace.ties.find, numbers))
        )


def list_channel_groups(model: keras.Model) -> dict[str, ChannelGroup]:
    """List the groups of channels of a model, by name.

    A group is a set of channels that are made by the same operations: the k-th
    channel of one is the k-th of all others. Batch norm, activations, pooling
    and depthwise convolutions pass channels on. Additions and products tie
    them, so a residual stream is one group. An operation that is not known to
    keep channels apart pins those that it touches.

    Args:
        model: functional or Sequential model; nested models are taken apart.

    Raises:
        ValueError: if the model is not functional.

    Example:
    >>> images = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(6, 3, name="first")(images)
    >>> hidden = keras.layers.ReLU()(hidden)
    >>> model = keras.Model(images, keras.layers.Conv2D(4, 3)(hidden))
    >>> group = list_channel_groups(model)["first"]
    >>> group.width, group.pinned
    (6, None)
    """
    return ChannelMap(model).groups
