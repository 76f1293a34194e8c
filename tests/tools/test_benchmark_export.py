import dataclasses
import json
import shutil

import pytest
from benchmarks import export
from benchmarks.runtimes import RUNTIMES


@pytest.fixture
def workdir(tmp_path, source_file):
    for file in export.MODELS.values():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(source_file, tmp_path / file)
    return tmp_path


@pytest.fixture
def without_litert(monkeypatch):
    """LiteRT seems not to be installed; OpenVINO is slow and left out."""
    litert = dataclasses.replace(RUNTIMES["LiteRT"], modules=("no_such",))
    monkeypatch.setitem(RUNTIMES, "LiteRT", litert)
    monkeypatch.delitem(RUNTIMES, "OpenVINO")


def test_runtimes_are_measured_or_named(workdir, without_litert, monkeypatch):
    monkeypatch.setattr(export, "BATCHES", (2,))
    results = export.run(workdir, rounds=2).results
    assert results["skipped"]["LiteRT"] == ["no_such"]
    installed = [name for name in RUNTIMES if name not in results["skipped"]]
    assert installed[:2] == ["Keras", "SavedModel"]
    assert [(m["runtime"], m["batch"]) for m in results["measured"]] == [
        (name, 2) for name in installed
    ]
    for measured in results["measured"]:
        assert measured["difference"] < 1e-4
        assert len(measured["adapted"]["wall_seconds"]) == 2
    assert json.loads(json.dumps(results)) == results


def test_the_table_is_in_milliseconds_and_names_what_is_skipped():
    measured = {
        "runtime": "Keras",
        "batch": 32,
        "source": {"wall_median": 0.002},
        "adapted": {"wall_median": 0.003},
        "ratio": 1.5,
        "difference": 0.0,
    }
    skipped = {"ONNX Runtime": ["onnxruntime", "tf2onnx"]}
    text = export.describe({"measured": [measured], "skipped": skipped})
    assert "| Keras | 32 | 2 | 3 | 1.5 | 0 |" in text
    assert "ONNX Runtime was skipped. Not installed: onnxruntime" in text


def test_a_directory_that_keeps_no_run_is_refused(workdir):
    (workdir / "adapted.keras").unlink()
    with pytest.raises(ValueError, match=r"--workdir=.* has no adapted\.keras"):
        export.run(workdir, rounds=1)
