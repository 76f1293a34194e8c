"""Losses that are missing in Keras."""

from ntaa_tf.losses.info_nce import compute_info_nce
from ntaa_tf.losses.known_cross_entropy import KnownCrossEntropy
from ntaa_tf.losses.triplet import BatchHardTriplet

__all__ = ["BatchHardTriplet", "KnownCrossEntropy", "compute_info_nce"]
