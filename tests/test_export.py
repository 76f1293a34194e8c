"""An export is the live model, where the package is not installed."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf import export
from ntaa_tf.export import compare_export
from ntaa_tf.export import export_saved_model
from ntaa_tf.export import measure_latency

REPOSITORY = Path(__file__).parents[1]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Leftover(keras.layers.Layer):
    """A layer of the search that collapse should have removed."""

    def call(self, images):
        return images


def make_model(seed, classes=4, layer=None):
    keras.utils.set_random_seed(seed)
    images = keras.Input((8, 8, 3))
    tensor = keras.layers.Rescaling(1 / 127.5, -1)(images)
    tensor = keras.layers.Conv2D(5, 3, use_bias=False)(tensor)
    tensor = keras.layers.BatchNormalization()(tensor)
    tensor = keras.layers.Dropout(0.5)(tensor)
    tensor = layer(tensor) if layer else tensor
    tensor = keras.layers.GlobalAveragePooling2D()(tensor)
    return keras.Model(images, keras.layers.Dense(classes)(tensor))


@pytest.fixture(scope="module")
def images():
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (3, 8, 8, 3), "uint8")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model, and what was written of it."""
    return write(make_model(seed=0), tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="module")
def exported_other(tmp_path_factory):
    """Another model of the same shape, and what was written of it."""
    return write(make_model(seed=1), tmp_path_factory.mktemp("wrong"))


def write(model, directory):
    keras_file, saved_model = directory / "a.keras", directory / "saved_model"
    model.save(keras_file)
    export_saved_model(model, saved_model)
    return model, keras_file, saved_model


def test_an_export_reopens_without_the_package(exported, images):
    assert compare_export(*exported, images) < 1e-5


def test_a_wrong_file_is_noticed_and_each_answers_for_itself(
    exported, exported_other, images, monkeypatch
):
    (model, _, saved_model), (other, other_file, _) = exported, exported_other
    answers, reopen = {}, export._reopen
    monkeypatch.setattr(
        export, "_reopen", lambda *a: answers.update(reopen(*a)) or answers
    )
    assert compare_export(model, other_file, saved_model, images) > 0.01
    assert set(answers) == {"keras", "serving_default", "serve_uint8"}
    for name, logits in answers.items():
        right = other if name == "keras" else model
        expected = right(images.astype("float32"), training=False)
        np.testing.assert_allclose(logits, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["keras", "serving_default", "serve_uint8"])
@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (np.full((1, 4), 0.5), 0.5),
        (np.full((1, 4), np.nan), np.nan),
        (np.zeros((1, 1)), np.inf),  # broadcasting would call it equal
    ],
)
def test_no_file_and_no_signature_goes_unnoticed(
    name, wrong, expected, monkeypatch
):
    right = dict.fromkeys(("keras", *export.SIGNATURES), np.zeros((1, 4)))
    monkeypatch.setattr(export, "_reopen", lambda *_: right | {name: wrong})
    images = keras.Input((8, 8, 3))
    zeros = keras.layers.Dense(4, kernel_initializer="zeros")(
        keras.layers.Flatten()(images)
    )
    difference = compare_export(
        keras.Model(images, zeros), None, None, np.zeros((1, 8, 8, 3), "uint8")
    )
    np.testing.assert_equal(difference, expected)


def test_a_layer_of_the_package_in_the_export_is_an_error(tmp_path, images):
    exported = write(make_model(seed=0, layer=Leftover()), tmp_path)
    keras.saving.load_model(exported[1])  # Here it opens.
    with pytest.raises(RuntimeError, match="not installed") as error:
        compare_export(*exported, images)
    assert "Could not locate class 'Leftover'" in str(error.value)
    assert len(str(error.value)) < 1200


@pytest.mark.parametrize("name", ["ntaa_tf", "ntaa_tf.architecture"])
def test_the_package_cannot_be_imported_in_the_other_process(name):
    child = subprocess.run(
        [sys.executable, "-c", f"{export._HIDE_PACKAGE}import {name}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 1
    assert "\nModuleNotFoundError: " in child.stderr


def test_a_process_that_can_import_the_package_is_an_error(
    exported, images, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setattr(export, "_HIDE_PACKAGE", "import sys\n")
    with pytest.raises(RuntimeError, match="ntaa_tf can be imported here"):
        compare_export(*exported, images)


@pytest.mark.parametrize("name", export.SIGNATURES)
def test_signatures_give_the_logits(name, exported, images):
    model, _, saved_model = exported
    served = tf.saved_model.load(str(saved_model))
    assert set(served.signatures) == {"serving_default", "serve_uint8"}
    typed = tf.constant(images.astype(export.SIGNATURES[name]))
    logits = served.signatures[name](images=typed)["logits"]
    expected = model(images.astype("float32"), training=False)
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_exporting_again_replaces_and_prints_nothing(tmp_path, capfd):
    directory = tmp_path / "export" / "saved_model"
    export_saved_model(make_model(seed=0, classes=2), directory)
    capfd.readouterr()
    export_saved_model(make_model(seed=0, classes=3), directory)
    assert capfd.readouterr().out == ""
    served = tf.saved_model.load(str(directory)).signatures["serving_default"]
    assert served.structured_outputs["logits"].shape == (None, 3)
    assert [path.name for path in directory.parent.iterdir()] == ["saved_model"]


def test_latency_measures_the_model_at_the_batch_size():
    sizes = []

    @keras.saving.register_keras_serializable(package="test_export")
    class Witness(keras.layers.Layer):
        def call(self, images):
            tf.py_function(lambda x: sizes.append(len(x)), [images], [])
            return images

    assert measure_latency(make_model(seed=0, layer=Witness()), 7) > 0
    assert set(sizes) == {7}
    assert len(sizes) == 12
