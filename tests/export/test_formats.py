"""--export is read and checked before anything is trained."""

import subprocess
import sys

import pytest

from ntaa_tf import export
from ntaa_tf.export import formats
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.formats import parse_formats
from ntaa_tf.recipe import make_recipe


@pytest.fixture
def installed(monkeypatch):
    """All modules count as installed, except those a test adds here."""
    missing = set()
    monkeypatch.setattr(
        formats.importlib.util,
        "find_spec",
        lambda module: None if module in missing else module,
    )
    return missing


def test_each_name_once_in_the_order_given(installed):
    assert parse_formats("onnx, saved_model,onnx") == ("onnx", "saved_model")
    assert parse_formats(",".join(FORMATS)) == tuple(FORMATS)


@pytest.mark.parametrize("text", ["tflite", "saved_model,", "onnx;litert"])
def test_an_unknown_format_is_refused_with_the_known_ones(text, installed):
    message = f"`export`: '{text}' has the unknown format.*saved_model"
    with pytest.raises(ValueError, match=message):
        make_recipe(export=text)


def test_missing_modules_are_named_with_the_remedy(installed):
    installed |= {"tf2onnx", "openvino"}
    assert make_recipe(export="saved_model,litert")
    with pytest.raises(ValueError, match="needs tf2onnx, openvino") as error:
        make_recipe(export="litert,onnx,openvino")
    assert 'pip install "ntaa-tf[export]"' in str(error.value)


def test_every_format_has_a_file_of_its_own():
    assert len({each.file for each in FORMATS.values()}) == len(FORMATS)


def test_formats_import_neither_tensorflow_nor_keras():
    """Recipes import the formats, and `--help` must not wait for TensorFlow.

    A fresh process is needed, because the tests have imported both.
    """
    check = (
        "import ntaa_tf.export.formats, sys\n"
        "assert 'tensorflow' not in sys.modules\n"
        "assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_public_names_of_the_package_are_found():
    """The stub file lists them, from which they are imported on demand."""
    assert export.__all__
    for name in export.__all__:
        assert hasattr(export, name)


def test_none_is_no_export():
    assert parse_formats("none") == ()
