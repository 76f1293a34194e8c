"""Formats are read from one flag, and refused before anything is trained."""

import pytest

from ntaa_tf.export import formats
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.formats import parse_formats
from ntaa_tf.recipe import Recipe


@pytest.fixture
def installed(monkeypatch):
    """Nothing is looked for but what a test says is missing."""
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


@pytest.mark.parametrize("text", ["tflite", "", "saved_model,", "onnx;litert"])
def test_an_unknown_name_is_refused_with_those_there_are(text, installed):
    message = f"Invalid value for `export`.*saved_model.*Received: '{text}'"
    with pytest.raises(ValueError, match=message):
        Recipe(export=text)


def test_what_is_not_installed_is_named_with_the_remedy(installed):
    installed |= {"tf2onnx", "openvino"}
    assert Recipe(export="saved_model,litert").export
    with pytest.raises(ValueError, match="without tf2onnx, openvino") as error:
        Recipe(export="litert,onnx,openvino")
    assert 'pip install "ntaa-tf[export]"' in str(error.value)


def test_no_two_formats_are_written_to_one_place():
    assert len({each.file for each in FORMATS.values()}) == len(FORMATS)
