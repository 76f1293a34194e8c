"""How deep layers are, by what is directly before and behind them.

A depthwise and a 1×1 convolution right behind each other are one layer deep.
So the depth of a call is kept three times: as what most layers behind it
count, as what a 1×1 convolution counts, for which it is one less behind a
depthwise half, and as what a depthwise convolution counts, for which it is
one less behind a pointwise half. Each of the three is one of the three before
it and a number more; that holds for several layers in turn as well.
"""

from collections.abc import Iterable
from typing import Any

import keras

from ntaa_tf.graph.cost import counts_into_depth
from ntaa_tf.graph.cost import name_half

# For each depth behind: which depth before, and how much deeper.
Depths = tuple[tuple[int, int], ...]

NONE: Depths = ((0, 0), (1, 0), (2, 0))
UNWEIGHTED: Depths = ((0, 0), (0, 0), (0, 0))
WEIGHTED: Depths = ((0, 1), (0, 1), (0, 1))
HALVES: dict[str, Depths] = {
    "pointwise": ((1, 1), (1, 1), (0, 0)),
    "depthwise": ((2, 1), (0, 0), (2, 1)),
}


def count_depths(layers: Iterable[Any]) -> Depths:
    """Count how deep layers are that are called in turn.

    Args:
        layers: any; an input in front of them is none.

    Returns:
        For each depth behind them, which depth before them it goes back to,
        and how much deeper it is.

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
            depths = tuple(
                (depths[before][0], depths[before][1] + deeper)
                for before, deeper in _count(layer)
            )
    return depths


def _count(layer: Any) -> Depths:
    if not counts_into_depth(layer):
        return UNWEIGHTED
    return HALVES.get(name_half(layer), WEIGHTED)
