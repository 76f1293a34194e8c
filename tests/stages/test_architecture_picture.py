"""TensorBoard shows a picture of the derived architecture."""

import types

import keras
import pytest
import tensorflow as tf
from tensorflow.core.util import event_pb2

from ntaa_tf import Architecture
from ntaa_tf import SiteChoice
from ntaa_tf.recipe import make_recipe
from ntaa_tf.stages.architecture_picture import log_picture
from ntaa_tf.stages.architecture_picture import name_operations


@pytest.fixture
def assembly():
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Conv2D(4, 3, strides=2, name="site")(inputs)
    return types.SimpleNamespace(
        source=keras.Model(inputs, outputs), recipe=make_recipe(search_epochs=7)
    )


def read_summaries(directory):
    files = [str(path) for path in directory.rglob("events.*")]
    for record in tf.data.TFRecordDataset(files):
        event = event_pb2.Event.FromString(record.numpy())
        for value in event.summary.value:
            yield event.step, value


def test_the_picture_is_an_image_after_the_last_epoch(assembly, tmp_path):
    log_picture(
        assembly, Architecture({"site": SiteChoice("conv5x5")}), tmp_path
    )
    ((step, value),) = read_summaries(tmp_path / "tensorboard")
    assert (step, value.tag) == (7, "architecture")
    width, height, png = value.tensor.string_val
    image = tf.io.decode_png(png)
    assert image.shape == (int(height), int(width), 3)
    assert tf.math.reduce_std(tf.cast(image, "float32")) > 0


def test_nothing_is_drawn_of_nothing(assembly, tmp_path):
    log_picture(assembly, Architecture({}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_operations_of_the_source_are_named(assembly):
    assert name_operations(assembly) == {"site": "conv3x3 /2"}
