"""What a converter says is told without its own graph."""

import keras

from ntaa_tf.export import CONVERTERS
from ntaa_tf.export import name_tensors
from ntaa_tf.export import shorten


def test_an_operation_that_a_runtime_lacks_is_named(tmp_path):
    images = keras.Input((4, 4, 3))
    model = keras.Model(images, keras.ops.erfinv(images / 300))
    file = tmp_path / "model.tflite"
    try:
        CONVERTERS["litert"](name_tensors(model, ["map"]), file, None)
    except Exception as error:
        message = shorten(str(error))
    assert "Custom ops: Erfinv" in message
    assert "loc(" not in message
    assert len(message) < 1000
    assert not list(tmp_path.iterdir())
