"""Kernels that spread a pointwise convolution over its surroundings."""

import keras

from ntaa_tf.architecture import Architecture
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.layers.search_space import SEPARABLE_CONVOLUTIONS
from ntaa_tf.layers.separable import SeparableConvolution
from ntaa_tf.search.supernet import Supernet


def list_spreading_kernels(supernet: Supernet) -> list[keras.Variable]:
    """List the depthwise kernels of a supernet that may begin as deltas.

    Args:
        supernet: built.
    """
    return [
        candidate.depthwise_kernel
        for choice in supernet.choices
        if isinstance(choice, MixedOp)
        for candidate in choice.candidates
        if isinstance(candidate, SeparableConvolution)
    ]


def list_collapsed_kernels(
    model: keras.Model, architecture: Architecture, source: keras.Model
) -> list[keras.Variable]:
    """List the same kernels of a collapsed model.

    Args:
        model: what the collapse to `architecture` gave, or a copy of it.
        architecture: says which sites became separable.
        source: what was searched; its depthwise sites have no pointwise part,
            and what is called separable is their own kernel there, enlarged.
    """
    depthwise = {
        site.name
        for site in find_convolutions(source)
        if site.geometry and site.geometry.kind == "depthwise"
    }
    separable = {
        name
        for name, site in architecture.sites.items()
        if site.candidate in SEPARABLE_CONVOLUTIONS and name not in depthwise
    }
    return [
        layer.depthwise_kernel
        if isinstance(layer, keras.layers.SeparableConv2D)
        else layer.kernel
        for layer in model.layers
        if layer.name in separable
    ]
