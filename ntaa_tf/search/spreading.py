"""Depthwise kernels that spread a pointwise convolution over its neighbours.

A pointwise site has separable candidates: the site's own 1×1 kernel and a
depthwise k×k kernel. The depthwise kernel starts as a delta, 1 at its centre
and 0 elsewhere, so that the candidate starts as the source's convolution.
Training then spreads the kernel. `CarefulSGD` takes smaller steps on it.
"""

import keras

from ntaa_tf.architecture import Architecture
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.layers.search_space import SEPARABLE_CONVOLUTIONS
from ntaa_tf.layers.separable import SeparableConvolution
from ntaa_tf.search.supernet import Supernet


def list_spreading_kernels(supernet: Supernet) -> list[keras.Variable]:
    """List the depthwise kernels of a supernet that may start as deltas.

    Args:
        supernet: a built supernet.
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
        model: the collapsed model of `architecture`, or a copy of it.
        architecture: the operation of each site.
        source: the source model of the search. Its depthwise sites are left
            out: there a separable candidate is the site's own depthwise
            kernel, enlarged, and no delta.
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
    # The layer with the site's name is a SeparableConv2D, or a DepthwiseConv2D
    # where the depthwise part comes after the pointwise one.
    return [
        layer.depthwise_kernel
        if isinstance(layer, keras.layers.SeparableConv2D)
        else layer.kernel
        for layer in model.layers
        if layer.name in separable
    ]
