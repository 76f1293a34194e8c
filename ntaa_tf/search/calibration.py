"""Candidates of equal scale: what weight-free ones are multiplied by."""

from typing import Any

import keras

from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.search.supernet import Supernet


def calibrate(supernet: Supernet, images: Any) -> None:
    """Scale all weight-free candidates to their source operations' deviation.

    A map behind a rectifier is often ten times larger than what a convolution
    makes of it; so are identity and pooling of it.

    Args:
        supernet: made with `has_gains`, not searched yet.
        images: a batch of training images.
    """
    tensors: dict[int, tuple[MixedOp, Any]] = {}
    for call in list_calls(as_functional(supernet)):
        if isinstance(call.operation, MixedOp):
            tensors.setdefault(
                id(call.operation), (call.operation, call.inputs[0])
            )
    sites, inputs = zip(*tensors.values(), strict=True)
    reads, _ = single_or_list(supernet)
    reading = keras.Model(reads, list(inputs))
    read = keras.tree.flatten(reading(images))
    for site, maps in zip(sites, read, strict=True):
        site.calibrate(maps)
