"""Adapt the weights and the architecture of a Keras model together."""

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.layers.mixed_input import MixedInput
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.optimizer import CarefulSGD
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.derive import derive
from ntaa_tf.search.joint import Supernet
from ntaa_tf.search.spreading import list_spreading_kernels
from ntaa_tf.search.supernet import insert_mixed_ops

__all__ = [
    "Architecture",
    "Budget",
    "CarefulSGD",
    "MixedInput",
    "MixedOp",
    "SiteChoice",
    "Supernet",
    "collapse",
    "derive",
    "insert_mixed_ops",
    "list_spreading_kernels",
]
