"""Losses that are missing in Keras."""

from ntaa_tf.losses.info_nce import compute_info_nce
from ntaa_tf.losses.known_cross_entropy import KnownCrossEntropy
from ntaa_tf.losses.teacher_divergence import compare_embeddings
from ntaa_tf.losses.teacher_divergence import compare_logits
from ntaa_tf.losses.triplet import BatchHardTriplet

__all__ = [
    "BatchHardTriplet",
    "KnownCrossEntropy",
    "compare_embeddings",
    "compare_logits",
    "compute_info_nce",
]
