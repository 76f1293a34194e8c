"""The stage writes what the recipe asks for, and tells what came of each."""

import dataclasses
import types

import numpy as np
import pytest
from exported import make_model
from measured import make_metrics

from ntaa_tf import pipeline
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.command_line import FAILED
from ntaa_tf.commands import adapt
from ntaa_tf.recipe import make_recipe
from ntaa_tf.report.facts import list_exports
from ntaa_tf.stages import export
from ntaa_tf.storage.metric_records import ExportMetrics
from ntaa_tf.storage.served_form import read_served_form
from ntaa_tf.tasks.classification import ClassificationTask


def assemble_finished(path, **choices):
    """Build an assembly whose model is trained, and only exported."""
    source = make_model()
    source.save(path / "adapted.keras")
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (40, 12, 12, 3), "uint8")
    dataset = types.SimpleNamespace(
        train=types.SimpleNamespace(images=images),
        test=types.SimpleNamespace(images=images[:, 2:-2, 2:-2]),
        class_names=("cat", "dog", "emu", "fox"),
    )
    return Assembly(
        make_recipe(**choices),
        types.SimpleNamespace(path=path),
        source,
        path / "source",
        dataset,
        ClassificationTask(),
        streams=(),
    )


def refuse(*_):
    raise NotImplementedError("no such operation")


@pytest.fixture
def without_onnx(monkeypatch):
    """ONNX can't be written, and nothing has to be installed for it."""
    onnx = export.FORMATS["onnx"]
    monkeypatch.setitem(
        export.FORMATS, "onnx", type(onnx)(onnx.file, onnx.runtime)
    )
    monkeypatch.setitem(export.CONVERTERS, "onnx", refuse)


def test_what_fails_is_told_beside_what_does_not(without_onnx, tmp_path):
    """Images are cropped after they are resized: files are larger."""
    assembly = assemble_finished(
        tmp_path, export="onnx,saved_model", resize="12", image_size="8"
    )
    result = export.export(assembly, tmp_path / "export")
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
    form = read_served_form(tmp_path)
    assert form == read_served_form(tmp_path / "export")
    assert form == read_served_form(
        tmp_path / "export/saved_model/assets.extra"
    )
    assert form.classes == {"logits": ["cat", "dog", "emu", "fox"]}
    assert (form.size, form.resize) == ((8, 8), (12, 12))
    (failed, *cells), *_ = list_exports({"onnx": ExportMetrics(**onnx)})
    assert failed == "onnx (failed)"
    assert cells == ["export/model.onnx", "-", "-", "-", "-"]


def test_a_run_that_can_not_be_served_whole_ends_with_what_failed(
    monkeypatch, capsys
):
    failed = ExportMetrics("model.onnx", 0, failure="can't be written: no op")
    metrics = dataclasses.replace(make_metrics(), exports={"onnx": failed})
    monkeypatch.setattr(pipeline, "run", lambda _: metrics)
    monkeypatch.setattr(adapt, "read_recipe", lambda **_: make_recipe())
    monkeypatch.setattr(adapt, "check_recipe_flag", lambda: None)
    monkeypatch.setattr(
        adapt.flags, "FLAGS", {"inspect": types.SimpleNamespace(value=False)}
    )
    assert adapt.main(["adapt"]) == FAILED
    assert "onnx can't be written: no op" in capsys.readouterr().err
