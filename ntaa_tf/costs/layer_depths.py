"""Depth of layers, which depends on their direct neighbours.

A depthwise and a 1×1 convolution directly behind each other, in either order,
are one layer deep. So the depth of a tensor depends on its reader, and every
tensor has three depths:

    D0, for an ordinary reader;
    D1, for a 1×1 convolution: D0 − 1 behind an unpaired depthwise one;
    D2, for a depthwise convolution: D0 − 1 behind an unpaired 1×1 one.

In all other cases D1 = D2 = D0. Each layer maps the depths before it to those
behind it, each of which is one of the depths before it plus a number:

    ordinary layer without weights   D0, D0, D0
    ordinary layer with weights      D0 + 1, D0 + 1, D0 + 1
    1×1 convolution                  D1 + 1, D1 + 1, D0
    depthwise convolution            D2 + 1, D0, D2 + 1

A 1×1 convolution reads D1, which already grants the pair its discount. Behind
it a depthwise convolution counts D0: that is (D1 + 1) − 1 if D1 = D0, where
the 1×1 is unpaired, and (D1 + 1) if D1 = D0 − 1, where the pair is complete.
The depthwise convolution mirrors this. Maps of this form are closed under
composition, so several layers in a row have one as well.
"""

from collections.abc import Iterable
from typing import Any

import keras

from ntaa_tf.graph.cost import counts_into_depth
from ntaa_tf.graph.cost import name_half

# For each of the three depths behind layers: which depth before them it starts
# from, and how much is added.
Depths = tuple[tuple[int, int], ...]

NONE: Depths = ((0, 0), (1, 0), (2, 0))  # No layers: the identity.
UNWEIGHTED: Depths = ((0, 0), (0, 0), (0, 0))
WEIGHTED: Depths = ((0, 1), (0, 1), (0, 1))
HALVES: dict[str, Depths] = {
    "pointwise": ((1, 1), (1, 1), (0, 0)),
    "depthwise": ((2, 1), (0, 0), (2, 1)),
}


def count_depths(layers: Iterable[Any]) -> Depths:
    """Compute the depth map of layers that are called one after the other.

    Args:
        layers: the layers. InputLayers are skipped.

    Returns:
        For each of the three depths behind the layers, the index of the depth
        before them that it starts from, and how much is added.

    Example:
    >>> count_depths([keras.layers.DepthwiseConv2D(3)])
    ((2, 1), (0, 0), (2, 1))
    >>> count_depths(
    ...     [keras.layers.DepthwiseConv2D(3), keras.layers.Conv2D(4, 1)]
    ... )
    ((0, 1), (0, 1), (2, 1))
    """
    depths = NONE
    for layer in layers:
        if not isinstance(layer, keras.layers.InputLayer):
            # Composition: the layer's map, then the map of those before it.
            depths = tuple(
                (depths[before][0], depths[before][1] + deeper)
                for before, deeper in _count(layer)
            )
    return depths


def _count(layer: Any) -> Depths:
    if not counts_into_depth(layer):
        return UNWEIGHTED
    return HALVES.get(name_half(layer), WEIGHTED)
