"""Image data sets: open by name, split, decode, augment, batch."""

from ntaa_tf.data.augment import AUGMENTATIONS
from ntaa_tf.data.balance import balance_classes
from ntaa_tf.data.batches import contrasting_batches
from ntaa_tf.data.batches import evaluation_batches
from ntaa_tf.data.batches import image_batches
from ntaa_tf.data.batches import training_batches
from ntaa_tf.data.crops import crop_center
from ntaa_tf.data.examples import Examples
from ntaa_tf.data.fingerprint import check_fingerprint
from ntaa_tf.data.fingerprint import take_fingerprint
from ntaa_tf.data.image_dataset import ImageDataset
from ntaa_tf.data.image_dataset import prepare_images
from ntaa_tf.data.image_domains import join_domains
from ntaa_tf.data.image_sets import open_dataset
from ntaa_tf.data.order import make_order
from ntaa_tf.data.order import steps_per_epoch
from ntaa_tf.data.order import take_evenly
from ntaa_tf.data.raw import RawDataset
from ntaa_tf.data.raw import RawSplit
from ntaa_tf.data.served import ServedDecoder
from ntaa_tf.data.split import halve
from ntaa_tf.data.split import hold_out
from ntaa_tf.data.split import split_dataset

__all__ = [
    "AUGMENTATIONS",
    "Examples",
    "ImageDataset",
    "RawDataset",
    "RawSplit",
    "ServedDecoder",
    "balance_classes",
    "check_fingerprint",
    "contrasting_batches",
    "crop_center",
    "evaluation_batches",
    "halve",
    "hold_out",
    "image_batches",
    "join_domains",
    "make_order",
    "open_dataset",
    "prepare_images",
    "split_dataset",
    "steps_per_epoch",
    "take_evenly",
    "take_fingerprint",
    "training_batches",
]
