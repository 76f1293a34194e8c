"""A comparison reports its finished runs, or is refused in one line."""

import re
import subprocess
import sys

import pytest
from measured import COSTS
from measured import make_metrics

from ntaa_tf.storage.run_metrics import write_run_metrics


def compare(directory, *words):
    return subprocess.run(
        [
            *(sys.executable, "-m", "ntaa_tf", "compare"),
            *(f"--workdir={directory}", *words),
        ],
        capture_output=True,
        text=True,
    )


def finish(directory, error):
    scores = {"test_error": error}
    write_run_metrics(directory, make_metrics(adapted=COSTS | scores))


def test_finished_runs_are_only_reported(tmp_path):
    for seed in range(2):
        finish(tmp_path / f"finetune/seed{seed}", 20.0 + seed)
        finish(tmp_path / f"ntaa/seed{seed}", 10.0 + seed)
    done = compare(tmp_path, "--methods=finetune,ntaa", "--seeds=2")
    assert done.returncode == 0, done.stderr
    assert "0 of 4 runs are missing" in done.stdout
    assert "on the same data with the same 2 seeds." in done.stdout
    page = (tmp_path / "comparison.html").read_text()
    command = f"ntaa compare --workdir={tmp_path} --methods=finetune,ntaa"
    assert f"<pre>{command} --seeds=2</pre>" in page
    for ending in ("md", "json", "png"):
        assert (tmp_path / f"comparison.{ending}").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--methods=ntaa"], "at least two different names"),
        (["--methods=ntaa,finetune", "--against=x"], "--against=x is not"),
        (["--methods=ntaa,finetune", "stray"], "Unexpected words .*stray"),
        (
            ["--methods=ntaa,finetune", "--folds=5", "--domains=a,b"],
            "--folds can't be used with --domains",
        ),
    ],
)
def test_wrong_choices_are_one_error(words, message, tmp_path):
    done = compare(tmp_path, *words)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert re.search(f"^error: .*{message}", line)
