"""Data sets with several attributes of an image, such as age and gender."""

from ntaa_tf.data.attributes.adience import NAME as ADIENCE
from ntaa_tf.data.attributes.adience import open_adience
from ntaa_tf.data.attributes.dataset import AttributeDataset
from ntaa_tf.data.attributes.dataset import prepare_attributes
from ntaa_tf.data.attributes.labels_file import open_labels_file
from ntaa_tf.data.attributes.opening import open_attributes
from ntaa_tf.data.attributes.raw import RawAttributes
from ntaa_tf.data.attributes.table import MISSING
from ntaa_tf.data.attributes.table import Attribute
from ntaa_tf.data.attributes.table import AttributeTable
from ntaa_tf.data.attributes.table import build_table

__all__ = [
    "ADIENCE",
    "MISSING",
    "Attribute",
    "AttributeDataset",
    "AttributeTable",
    "RawAttributes",
    "build_table",
    "open_adience",
    "open_attributes",
    "open_labels_file",
    "prepare_attributes",
]
