"""Exports are reopened without the package, and every failure is reported."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from exported import make_model

from ntaa_tf.export import check_exports
from ntaa_tf.export import checking
from ntaa_tf.export import compute_reference
from ntaa_tf.export import list_failures
from ntaa_tf.export import runtimes

REPOSITORY = Path(__file__).parents[2]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Leftover(keras.layers.Layer):
    """A layer of the search that collapse should have removed."""

    def call(self, images):
        return images


def change_openers(monkeypatch, directory, change):
    """Let the other process run a copy of `runtimes.py` with a change."""
    source = Path(runtimes.__file__).read_text("utf-8")
    script = directory / "script.py"
    begin = 'if __name__ == "'
    script.write_text(source.replace(begin, f"{change}\n{begin}"), "utf-8")
    monkeypatch.setattr(runtimes, "__file__", str(script))
    return script


@pytest.fixture(scope="module")
def checked(exported, images, tmp_path_factory):
    """Results of a `.keras` file with a leftover layer and a good SavedModel.

    Both are opened in one process, which takes long to import TensorFlow.
    """
    model, files = exported
    path = tmp_path_factory.mktemp("leftover") / "leftover.keras"
    make_model(layer=Leftover()).save(path)
    keras.saving.load_model(path)  # It opens in this process.
    return check_exports(
        {**files, "keras": path}, compute_reference(model, images)
    )


def test_an_export_is_compared_and_timed(checked):
    result = checked["saved_model"]
    assert "failure" not in result
    assert result["difference"] < 1e-5
    assert result["agreement"] == 1
    assert result["milliseconds"] > 0


def test_a_layer_of_the_package_is_a_failure(checked):
    assert list(list_failures(checked)) == ["keras"]
    assert "Could not locate class 'Leftover'" in checked["keras"]["failure"]


def test_a_crash_leaves_other_files_of_the_runtime_alone(
    exported, images, monkeypatch, tmp_path
):
    """The others are opened again, each in a process of its own."""
    model, files = exported
    # The file that crashes comes first, so only one process imports TensorFlow.
    files = {name: files[name] for name in ("saved_model", "keras")}
    crash = 'OPENERS["saved_model"] = lambda *_: os.abort()'
    change_openers(monkeypatch, tmp_path, crash)
    checked = check_exports(files, compute_reference(model, images))
    assert list(list_failures(checked)) == ["saved_model"]
    assert checked["keras"]["difference"] < 1e-5
    assert checked["keras"]["agreement"] == 1


def test_a_crash_is_reported_with_its_last_words(images, monkeypatch, tmp_path):
    script = tmp_path / "crashes.py"
    script.write_text(
        "import os, sys\nprint('oh', file=sys.stderr)\nos.abort()"
    )
    monkeypatch.setattr(runtimes, "__file__", str(script))
    files = {"onnx": tmp_path / "model.onnx"}
    checked = check_exports(files, compute_reference(make_model(), images))
    assert "ended with status -6: oh" in list_failures(checked)["onnx"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda logits: logits + 1, "differs from the live model by"),
        (lambda logits: logits[:, :1], "other names or shapes"),
        (lambda logits: logits * np.nan, "not finite"),
    ],
)
def test_wrong_outputs_are_a_failure(
    change, message, exported, images, monkeypatch
):
    asked = compute_reference(exported[0], images)
    outputs = {"serving_default/logits": change(asked.outputs["logits"])}
    result = {"milliseconds": 1.0}
    monkeypatch.setattr(
        checking, "reopen", lambda *_: {"saved_model": (result, outputs)}
    )
    checked = check_exports({"saved_model": exported[1]["saved_model"]}, asked)
    assert message in list_failures(checked)["saved_model"]


@pytest.mark.parametrize(
    ("classes", "message"),
    [(["b", "b"], ""), (["b", "a"], "returns serving_default/classes that")],
)
def test_classes_are_checked_beside_the_logits(classes, message, monkeypatch):
    logits = np.array([[0.0, 1], [-1, 1]])
    asked = checking.Reference(
        np.zeros((2, 8, 8, 3)),
        {"logits": logits},
        (8, 8),
        {"logits": ("a", "b")},
    )
    powers = np.exp(logits)
    outputs = {
        "serving_default/logits": logits,
        "serving_default/probabilities": powers / powers.sum(1, keepdims=True),
        "serving_default/classes": np.array(classes),
    }
    monkeypatch.setattr(
        checking, "reopen", lambda *_: {"saved_model": ({}, outputs)}
    )
    checked = check_exports({"saved_model": Path("saved_model")}, asked)
    assert checked["saved_model"]["difference"] == 0
    failure = checked["saved_model"].get("failure", "")
    assert failure.startswith(message)
    assert bool(failure) == bool(message)


def test_the_package_cannot_be_imported_in_the_other_process(
    monkeypatch, tmp_path
):
    """Whatever opens a file there. Here the package could be imported."""
    names = ["ntaa_tf", "ntaa_tf.architecture"]
    change = "".join(
        f"OPENERS[{name!r}] = lambda *_: __import__({name!r})\n"
        for name in names
    )
    script = change_openers(monkeypatch, tmp_path, change)
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"files": dict.fromkeys(names, "")}), "utf-8")
    np.savez(tmp_path / "images.npz", images=np.zeros((1, 1, 1, 3)))
    subprocess.run(
        [sys.executable, script, request], cwd=REPOSITORY, check=True
    )
    results = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert list(results) == names
    for result in results.values():
        assert result["failure"].startswith("ModuleNotFoundError: ")


def test_enlarged_images_keep_their_centre(images):
    larger = runtimes.surround(images, (11, 12))
    assert larger.shape == (6, 11, 12, 3)
    np.testing.assert_array_equal(larger[:, 1:9, 2:10], images)


def test_a_runtime_returns_the_outputs_of_all_its_signatures(exported, images):
    request = {"files": {"saved_model": str(exported[1]["saved_model"])}}
    outputs, milliseconds = runtimes.run("saved_model", images, request)
    assert list(outputs) == ["serving_default/logits", "serve_uint8/logits"]
    assert milliseconds > 0
