"""Messages of converters are shortened to the actual error."""

import keras
import pytest

from ntaa_tf.export import CONVERTERS
from ntaa_tf.export import name_tensors
from ntaa_tf.export import shorten


def test_an_operation_that_a_runtime_lacks_is_named(tmp_path):
    images = keras.Input((4, 4, 3))
    model = keras.Model(images, keras.ops.erfinv(images / 300))
    file = tmp_path / "model.tflite"
    with pytest.raises(Exception, match="Erfinv") as error:
        CONVERTERS["litert"](name_tensors(model, ["map"]), file, None)
    message = shorten(str(error.value))
    assert "Custom ops: Erfinv" in message
    assert "loc(" not in message
    assert len(message) < 1000
    assert not list(tmp_path.iterdir())
