"""Losses that Keras does not have."""

from ntaa_tf.losses.triplet import BatchHardTriplet

__all__ = ["BatchHardTriplet"]
