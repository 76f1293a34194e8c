"""The stage writes what the recipe asks for, and tells what came of each."""

import types

import numpy as np
import pytest
from exported import make_model

from ntaa_tf import adapt
from ntaa_tf.assembly.job import Job
from ntaa_tf.command_line import FAILED
from ntaa_tf.recipe import Recipe
from ntaa_tf.report.facts import list_exports
from ntaa_tf.stages import exporting
from ntaa_tf.storage.metric_records import ExportMetrics
from ntaa_tf.tasks.classification import Classification


class Finished(Job):
    """A job whose model is trained; it is exported only."""

    def __init__(self, path, **choices):
        self.path, self.source = path, make_model()
        self.recipe, self.task = Recipe(**choices), Classification()
        generator = np.random.default_rng(0)
        images = generator.integers(0, 256, (40, 12, 12, 3), "uint8")
        self.dataset = types.SimpleNamespace(
            train=types.SimpleNamespace(images=images),
            test=types.SimpleNamespace(images=images[:, 2:-2, 2:-2]),
        )
        self.source.save(path / "adapted.keras")


def refuse(*_):
    raise NotImplementedError("no such operation")


@pytest.fixture
def without_onnx(monkeypatch):
    """ONNX can't be written, and nothing has to be installed for it."""
    onnx = exporting.FORMATS["onnx"]
    monkeypatch.setitem(
        exporting.FORMATS, "onnx", type(onnx)(onnx.file, onnx.runtime)
    )
    monkeypatch.setitem(exporting.CONVERTERS, "onnx", refuse)


def test_what_fails_is_told_beside_what_does_not(without_onnx, tmp_path):
    """Images are cropped after they are resized: files are larger."""
    job = Finished(
        tmp_path, export="onnx,saved_model", resize="12", image_size="8"
    )
    result = exporting.export(job, tmp_path / "export")
    assert list(result["formats"]) == ["keras", "onnx", "saved_model"]
    onnx = result["formats"].pop("onnx")
    assert onnx["failure"] == (
        "can't be written: NotImplementedError: no such operation"
    )
    for told in result["formats"].values():
        assert "failure" not in told
        assert told["difference"] < 1e-5
        assert told["bytes"] > 1000
        assert (tmp_path / told["file"]).exists()
    assert result["difference"] < 1e-5
    (failed, *cells), *_ = list_exports({"onnx": ExportMetrics(**onnx)})
    assert failed == "onnx (failed)"
    assert cells == ["export/model.onnx", "-", "-", "-", "-"]


@pytest.mark.parametrize("speaks", [True, False])
def test_a_run_that_can_not_be_served_whole_ends_with_what_failed(
    monkeypatch, capsys, speaks
):
    """Also on workers for which the chief speaks: none is to wait for it."""
    failed = {"onnx": {"failure": "can't be written: no such operation"}}
    monkeypatch.setattr(adapt, "run", lambda _: {"exports": failed})
    monkeypatch.setattr(adapt, "read_recipe", Recipe)
    monkeypatch.setattr(
        adapt.flags, "FLAGS", {"inspect": types.SimpleNamespace(value=False)}
    )
    monkeypatch.setattr(adapt, "is_silent", lambda _: not speaks)
    assert adapt.main(["adapt"]) == FAILED
    printed = capsys.readouterr()
    assert "onnx can't be written: no such operation" in printed.err
    # The table is printed before.
    assert ("test accuracy" in printed.out) == speaks
