"""Preprocessing inside the model is Keras's own, and leaves with it."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from ntaa_tf.zoo.preprocessing import prepend_preprocessing

MODES = ["tf", "torch", "caffe"]


def _images(dtype="uint8"):
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (2, 6, 6, 3)).astype(dtype)


def _model(mode):
    """A convolution that passes its input on, after the preprocessing."""
    identity = keras.initializers.Constant(np.eye(3).reshape(1, 1, 3, 3))
    inputs = keras.Input((6, 6, 3))
    passed_on = keras.layers.Conv2D(
        3, 1, use_bias=False, kernel_initializer=identity, name="conv"
    )(inputs)
    return prepend_preprocessing(keras.Model(inputs, passed_on), mode)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("mode", MODES)
def test_the_model_preprocesses_as_keras_does(mode, dtype):
    expected = keras.applications.imagenet_utils.preprocess_input(
        _images("float32"), mode=mode
    )
    received = keras.ops.convert_to_numpy(_model(mode)(_images(dtype)))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(received, expected, atol=1e-5 * scale, rtol=0)


def test_mode_none_leaves_images_alone():
    received = keras.ops.convert_to_numpy(_model("none")(_images()))
    np.testing.assert_array_equal(received, _images("float32"))


def test_preprocessing_stays_exact_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = _model("torch")
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("preprocess").compute_dtype == "float32"
    assert model.get_layer("conv").compute_dtype == "bfloat16"


REOPEN = """
import sys
import keras
import numpy as np
import tensorflow as tf

keras_file, saved_model, images, outputs = sys.argv[1:]
images = np.load(images)
model = keras.models.load_model(keras_file, safe_mode=True)
np.testing.assert_array_equal(model(images), np.load(outputs))
served = tf.saved_model.load(saved_model)
np.testing.assert_array_equal(served.serve(images), np.load(outputs))
assert "ntaa_tf" not in sys.modules
"""


def test_channel_reversal_opens_in_a_fresh_process(tmp_path):
    """Both as a `.keras` file in safe mode and as a SavedModel."""
    model = _model("caffe")
    images = _images("float32")
    paths = [
        str(tmp_path / name)
        for name in ["model.keras", "saved_model", "images.npy", "outputs.npy"]
    ]
    model.save(paths[0])
    model.export(paths[1], verbose=False)
    np.save(paths[2], images)
    np.save(paths[3], model(images))
    done = subprocess.run(
        [sys.executable, "-c", REOPEN, *paths],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
