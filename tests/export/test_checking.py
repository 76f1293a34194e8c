"""Exports are reopened where the package is not, and what is wrong is told."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from exported import make_model
from exported import write

from ntaa_tf.export import ask
from ntaa_tf.export import check_exports
from ntaa_tf.export import list_failures
from ntaa_tf.export import runtimes

REPOSITORY = Path(__file__).parents[2]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Leftover(keras.layers.Layer):
    """A layer of the search that collapse should have removed."""

    def call(self, images):
        return images


def test_exports_reopen_without_the_package(exported, images):
    model, files = exported
    checked = check_exports(files, ask(model, images))
    assert list_failures(checked) == {}
    for told in checked.values():
        assert told["difference"] < 1e-5
        assert told["agreement"] == 1
        assert told["milliseconds"] > 0


def test_what_is_wrong_is_told_of_each_file(exported, images, tmp_path):
    """A layer of the package in one, another model's weights in the other."""
    files = write(make_model(layer=Leftover()), tmp_path)
    keras.saving.load_model(files["keras"])  # Here it opens.
    files["saved_model"] = exported[1]["saved_model"]
    checked = check_exports(files, ask(make_model(seed=1), images))
    failures = list_failures(checked)
    assert "Could not locate class 'Leftover'" in failures["keras"]
    assert "differs from the live model by" in failures["saved_model"]
    assert checked["saved_model"]["difference"] > 0.01


def test_a_process_that_crashes_is_told(images, monkeypatch, tmp_path):
    script = tmp_path / "crashes.py"
    script.write_text(
        "import os, sys\nprint('oh', file=sys.stderr)\nos.abort()"
    )
    monkeypatch.setattr(runtimes, "__file__", str(script))
    files = {"onnx": tmp_path / "model.onnx"}
    checked = check_exports(files, ask(make_model(), images))
    assert "ended with status -6: oh" in list_failures(checked)["onnx"]


def test_what_ends_the_process_leaves_other_files_of_its_runtime_alone(
    exported, images, monkeypatch, tmp_path
):
    model, files = exported
    source = Path(runtimes.__file__).read_text("utf-8")
    script = tmp_path / "script.py"
    script.write_text(
        source.replace(
            'if __name__ == "',
            'OPENERS["keras"] = lambda *_: os.abort()\nif __name__ == "',
        )
    )
    monkeypatch.setattr(runtimes, "__file__", str(script))
    checked = check_exports(files, ask(model, images))
    assert list(list_failures(checked)) == ["keras"]
    assert checked["saved_model"]["difference"] < 1e-5


@pytest.mark.parametrize("name", ["ntaa_tf", "ntaa_tf.architecture"])
def test_the_package_cannot_be_imported_in_the_other_process(name, tmp_path):
    """Whatever a format is opened with; here it would be imported."""
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"files": {name: ""}}), "utf-8")
    np.savez(tmp_path / "images.npz", images=np.zeros((1, 1, 1, 3)))
    opens = f"OPENERS[{name!r}] = lambda *_: __import__({name!r})\n"
    source = Path(runtimes.__file__).read_text("utf-8")
    script = tmp_path / "script.py"
    script.write_text(
        source.replace('if __name__ == "', opens + 'if __name__ == "')
    )
    child = subprocess.run(
        [sys.executable, script, request], cwd=REPOSITORY, check=True
    )
    told = json.loads((tmp_path / "told.json").read_text("utf-8"))
    assert told[name]["failure"].startswith("ModuleNotFoundError: ")
    assert child.returncode == 0


def test_images_are_larger_where_the_centre_of_files_is_taken(images):
    whole = runtimes.surround(images, (11, 12))
    assert whole.shape == (6, 11, 12, 3)
    np.testing.assert_array_equal(whole[:, 1:9, 2:10], images)


def test_the_answers_of_a_runtime_are_those_of_all_its_signatures(
    exported, images
):
    request = {"files": {"saved_model": str(exported[1]["saved_model"])}}
    answers, milliseconds = runtimes.answer("saved_model", images, request)
    assert list(answers) == ["serving_default/logits", "serve_uint8/logits"]
    assert milliseconds > 0
