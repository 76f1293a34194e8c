import json
import subprocess
import sys
from pathlib import Path

import benchmark
import pytest
from benchmarks.setting import Setting

COMMAND = Path(__file__).parents[2] / "tools" / "benchmark.py"


@pytest.mark.long
def test_a_benchmark_is_run_and_written(tmp_path, source_file):
    flags = [
        f"--models={source_file}:8:4",
        "--variants=source",
        "--rounds=2",
        f"--out={tmp_path}",
    ]
    done = subprocess.run(
        [sys.executable, COMMAND, "supernet", *flags],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "| (a) source |" in done.stdout
    assert (tmp_path / "supernet.md").read_text() in done.stdout + "\n"
    kept = json.loads((tmp_path / "supernet.json").read_text())
    (result,) = kept["results"]
    source = result["variants"]["source"]
    assert len(source["wall_seconds"]) == 2
    assert source["peak_mib"] > source["net_mib"] > 0


@pytest.mark.parametrize("words", [[], ["speed"], ["supernet", "growth"]])
def test_one_word_names_the_benchmark(words):
    message = "one benchmark of supernet, pipeline, growth"
    with pytest.raises(ValueError, match=message):
        benchmark.check_command(words)
    assert benchmark.check_command(["growth"]) == "growth"


def test_growth_is_measured_from_one_setting():
    setting = Setting("vgg19", 32, 2)
    with pytest.raises(ValueError, match="has 2 settings"):
        benchmark.check_single([setting, setting])
    assert benchmark.check_single([setting]) is setting


def test_the_default_models_are_settings():
    for models in benchmark.MODELS.values():
        assert all(Setting.parse(model) for model in models)
