"""Source models by name or from a file, with their preprocessing."""

from ntaa_tf.zoo.autoreid import build_autoreid
from ntaa_tf.zoo.embedded import pretrain_digits
from ntaa_tf.zoo.find import find_source
from ntaa_tf.zoo.load import load_source
from ntaa_tf.zoo.source import SourceInfo
from ntaa_tf.zoo.source import choose_image_size

__all__ = [
    "SourceInfo",
    "build_autoreid",
    "choose_image_size",
    "find_source",
    "load_source",
    "pretrain_digits",
]
