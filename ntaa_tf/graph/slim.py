"""Slimming: a copy of a model without some of its channels."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from ntaa_tf.graph.channel_groups import ChannelGroup
from ntaa_tf.graph.channel_groups import ChannelMap
from ntaa_tf.graph.rewrite import assign_weights

Kept = Mapping[str, Sequence[int] | np.ndarray]
SIZES = {
    layers.Conv2D: "filters",
    layers.SeparableConv2D: "filters",
    layers.Dense: "units",
}


def slim(model: keras.Model, kept: Kept) -> keras.Model:
    """Copy a model without some channels of its groups.

    What makes a channel loses a filter; batch norms, depthwise kernels and the
    rows of kernels that read it lose the same channel. The copy computes what
    the model computes when the cut channels are set to zero where a kernel
    reads them. Its weights are slices of the model's, bit for bit.

    Args:
        model: functional or Sequential model. It is not modified.
        kept: for some groups of `list_channel_groups`, by name, the indices of
            the channels to keep, in any order; at least one. All other groups
            stay whole.

    Returns:
        A functional model of the same layers; nested models are taken apart.

    Raises:
        ValueError: if a group is unknown, pinned or left empty, or an index is
            out of range or occurs twice.

    Example:
    >>> images = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(6, 3, name="first")(images)
    >>> model = keras.Model(images, keras.layers.Conv2D(4, 3)(hidden))
    >>> slim(model, {"first": [0, 2, 5]}).get_layer("first").filters
    3
    """
    channels = ChannelMap(model)
    masks = {
        name: _to_mask(channels.groups, name, indices)
        for name, indices in kept.items()
    }
    surgeon = _Surgeon(channels, masks)
    pairs = []

    def clone(operation: Any) -> Any:
        config = surgeon.narrow(operation, dict(operation.get_config()))
        pairs.append((operation, type(operation).from_config(config)))
        return pairs[-1][1]

    slimmed = keras.models.clone_model(channels.model, clone_function=clone)
    for original, cloned in pairs:
        assign_weights(cloned, surgeon.slice_weights(original))
    return slimmed


def _to_mask(
    groups: Mapping[str, ChannelGroup], name: str, indices: Any
) -> np.ndarray:
    """Return whether each channel of a group is kept; checks the indices."""
    if name not in groups:
        raise ValueError(
            f"Invalid value for `kept`. Expected names of groups: "
            f"{[*groups]}. Received: {name!r}."
        )
    group, chosen = groups[name], np.asarray(indices)
    if group.pinned is not None:
        raise ValueError(
            f"Group {name!r} can't be narrowed: {group.pinned}. Leave it out "
            "of `kept`."
        )
    is_index = chosen.ndim == 1 and chosen.dtype.kind in "iu" and len(chosen)
    if (
        not is_index
        or chosen.min() < 0
        or chosen.max() >= group.width
        or len(np.unique(chosen)) < len(chosen)
    ):
        raise ValueError(
            f"Invalid value for `kept` of group {name!r}. Expected at least "
            f"one index from 0 to {group.width - 1}, each once. Received: "
            f"{indices}."
        )
    mask = np.zeros(group.width, bool)
    mask[chosen] = True
    return mask


class _Surgeon:
    """Changes the configuration and the weights of each layer.

    Args:
        channels: the channel groups of the model.
        masks: for the narrowed groups, whether each channel is kept.
    """

    def __init__(self, channels: ChannelMap, masks: dict[str, np.ndarray]):
        self._channels = channels
        self._trace = channels.trace
        self._masks = masks

    def narrow(self, layer: Any, config: dict[str, Any]) -> dict[str, Any]:
        """Return the configuration of a layer with fewer channels."""
        name = layer.name
        if name in self._trace.makers and type(layer) in SIZES:
            made = self._select(self._trace.writes[name])
            config[SIZES[type(layer)]] = len(made)
        if name in self._trace.padding:
            before, behind, axis = self._trace.padding[name]
            padding = [list(sides) for sides in layer.padding]
            padding[axis - 1] = [
                len(self._select(zeros)) for zeros in (before, behind)
            ]
            config["padding"] = padding
        if name in self._trace.reshaped:
            # The other lengths are 1, so the channels are what is left.
            ones = [1] * (len(layer.target_shape) - 1)
            config["target_shape"] = (*ones, -1)
        return config

    def slice_weights(self, layer: Any) -> list[np.ndarray]:
        """Return the weights of a layer for the kept channels."""
        weights = layer.get_weights() if getattr(layer, "weights", None) else []
        if layer.name not in self._trace.writes:
            return weights
        reads = self._select(self._trace.reads[layer.name])
        writes = self._select(self._trace.writes[layer.name])
        if isinstance(layer, layers.DepthwiseConv2D):
            kernel, *bias = weights
            return [kernel[:, :, reads], *(each[writes] for each in bias)]
        if isinstance(layer, layers.SeparableConv2D):
            return _slice_separable(layer, weights, reads, writes)
        if type(layer) in SIZES:
            kernel, *bias = weights
            rows = kernel[..., reads, :]
            return [rows[..., writes], *(each[writes] for each in bias)]
        # The weights of batch norms and PReLU end with the channels.
        return [each[..., writes] for each in weights]

    def _select(self, numbers: np.ndarray) -> np.ndarray:
        return self._channels.select(numbers, self._masks)


def _slice_separable(
    layer: Any,
    weights: list[np.ndarray],
    reads: np.ndarray,
    writes: np.ndarray,
) -> list[np.ndarray]:
    """Slice a depthwise kernel, the pointwise kernel behind it, and a bias."""
    depthwise, pointwise, *bias = weights
    multiplier = layer.depth_multiplier
    rows = (reads[:, None] * multiplier + np.arange(multiplier)).reshape(-1)
    return [
        depthwise[:, :, reads],
        pointwise[:, :, rows][..., writes],
        *(each[writes] for each in bias),
    ]
