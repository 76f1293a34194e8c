"""A model that a stage keeps can be loaded, or its error says what to do."""

import keras
import numpy as np
import pytest

from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model


@pytest.fixture
def file(tmp_path):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    save_model(model, tmp_path / "search" / "collapsed.keras")
    return tmp_path / "search" / "collapsed.keras"


def test_a_kept_model_answers_alike(file):
    images = np.ones((2, 3), "float32")
    first, second = load_model(file), load_model(file)
    np.testing.assert_array_equal(first(images), second(images))
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("kept", [0, 100, -100])
def test_a_truncated_model_names_the_stage_to_run_again(file, kept):
    file.write_bytes(file.read_bytes()[:kept])
    expected = rf"{file} can't be loaded .*Delete {file.parent} to make it"
    with pytest.raises(ValueError, match=expected):
        load_model(file)


def test_a_missing_model_is_the_same_error(file):
    file.unlink()
    with pytest.raises(ValueError, match=rf"{file} can't be loaded .*Delete"):
        load_model(file)
