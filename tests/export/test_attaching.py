"""Exported files carry the class names and the preprocessing."""

import importlib.util
import json
import zipfile

import numpy as np
import pytest
from exported import make_model

from ntaa_tf.export import CONVERTERS
from ntaa_tf.export import attach_form
from ntaa_tf.export import name_tensors
from ntaa_tf.export.attaching import EXTRA_ASSETS
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.runtimes import OPENERS
from ntaa_tf.storage.served_form import ServedForm
from ntaa_tf.storage.served_form import read_served_form

FORM = ServedForm({"logits": ("a", "Öhr", "c", "d")}, (8, 8), (9, 10), True)
CONTENT = {
    "classes": {"logits": ["a", "Öhr", "c", "d"]},
    "size": [8, 8],
    "resize": [9, 10],
    "crops": True,
    "channels": "RGB",
    "range": [0, 255],
    "interpolation": "bilinear, antialiased",
}


def write(name, directory, images):
    """Write a format with its form; return its file and its outputs."""
    for module in FORMATS[name].modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: the extra `export` has it")
    file = directory / FORMATS[name].file
    CONVERTERS[name](name_tensors(make_model(), ["logits"]), file, images)
    (infer,) = OPENERS[name](str(file), {"outputs": ["logits"]}).values()
    before = infer(images)["logits"]
    attach_form(name, file, FORM)
    (infer,) = OPENERS[name](str(file), {"outputs": ["logits"]}).values()
    np.testing.assert_array_equal(infer(images)["logits"], before)
    assert [path.name for path in directory.iterdir()] == [file.name]
    return file


def test_onnx_has_metadata_properties(images, tmp_path):
    file = write("onnx", tmp_path, images)
    from onnxruntime import InferenceSession

    session = InferenceSession(file, providers=["CPUExecutionProvider"])
    found = dict(session.get_modelmeta().custom_metadata_map)
    assert found.pop("Image.BitmapPixelFormat") == "Rgb8"
    assert found.pop("Image.NominalPixelRange") == "NominalRange_0_255"
    assert {key: json.loads(found[key]) for key in found} == CONTENT


@pytest.mark.parametrize("name", ["litert", "litert_int8"])
def test_litert_is_an_archive_as_well(name, images, tmp_path):
    file = write(name, tmp_path, images)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["labels.json"]
        assert json.loads(archive.read("labels.json")) == CONTENT


def test_directories_hold_the_file(images, tmp_path):
    directory = write("openvino", tmp_path, images)
    assert read_served_form(directory).resize == (9, 10)
    attach_form("saved_model", tmp_path, FORM)
    kept = tmp_path / EXTRA_ASSETS / "labels.json"
    assert json.loads(kept.read_text("utf-8")) == CONTENT
