"""Calibration of weight-free candidates to the scale of the source."""

from typing import Any

import keras

from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.search.supernet import Supernet


def calibrate(supernet: Supernet, images: Any) -> None:
    """Scale weight-free candidates to the source operation's deviation.

    A feature map after a ReLU is often ten times larger than the output of the
    convolution that reads it. So are the outputs of identity and pooling, which
    would dominate the mixture.

    Args:
        supernet: a supernet made with `has_gains`, before the search.
        images: a batch of training images.
    """
    tensors: dict[int, tuple[MixedOp, Any]] = {}
    for call in list_calls(as_functional(supernet)):
        if isinstance(call.operation, MixedOp):
            # A shared site is calibrated by the input of its first call.
            tensors.setdefault(
                id(call.operation), (call.operation, call.inputs[0])
            )
    sites, inputs = zip(*tensors.values(), strict=True)
    supernet_inputs, _ = single_or_list(supernet)
    reading = keras.Model(supernet_inputs, list(inputs))
    maps = keras.tree.flatten(reading(images))
    for site, feature_map in zip(sites, maps, strict=True):
        site.calibrate(feature_map)
