"""Preprocessing inside the model equals Keras's and is exported with it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

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


def test_channel_reversal_is_exported_in_stock_operations(tmp_path):
    """So that a `.keras` file opens in safe mode without the package."""
    model = _model("caffe")
    for operation in model.operations:
        assert type(operation).__module__.startswith("keras.")
    images = _images("float32")
    expected = model(images)
    file, directory = str(tmp_path / "model.keras"), str(tmp_path / "saved")
    model.save(file)
    reopened = keras.models.load_model(file, safe_mode=True)
    np.testing.assert_array_equal(reopened(images), expected)
    model.export(directory, verbose=False)
    served = tf.saved_model.load(directory)
    np.testing.assert_array_equal(served.serve(images), expected)
