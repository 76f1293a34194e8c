"""Kills are counted; torn files and different results are found."""

import json
import logging
import random
import sys

import keras
import numpy as np
import pytest
from aftermath import find_torn_files
from aftermath import list_differences
from torture import torture
from victims import STAGE_STARTED
from victims import VICTIMS
from victims import start

from ntaa_tf.storage.run_directory import RunDirectory


def keep_run(path, kernel=1.0, macs=5, seconds=1.0, choice="source"):
    inputs = keras.Input((2,))
    layer = keras.layers.Dense(2, use_bias=False)
    model = keras.Model(inputs, layer(inputs))
    layer.kernel.assign(np.full((2, 2), kernel))
    (path / "search").mkdir(parents=True)
    (path / "search" / "architecture.json").write_text(json.dumps(choice))
    model.save(path / "adapted.keras")
    metrics = {"adapted": {"macs": macs, "latency_ms": seconds}}
    (path / "metrics.json").write_text(json.dumps(metrics))


@pytest.mark.parametrize(
    "changes, differences",
    [
        ({}, []),
        ({"seconds": 2.0}, []),
        ({"kernel": 1.0 + 2**-23}, ["weights"]),
        ({"macs": 6, "choice": "identity"}, ["architecture", "metrics"]),
    ],
)
def test_runs_are_compared_without_clocks(tmp_path, changes, differences):
    keep_run(tmp_path / "whole")
    keep_run(tmp_path / "killed", **changes)
    found = list_differences(tmp_path / "whole", tmp_path / "killed")
    assert found == differences


@pytest.mark.parametrize("name", ["result.json", "adapted.keras"])
def test_a_torn_file_is_found_unless_it_is_marked_as_unfinished(tmp_path, name):
    keep_run(tmp_path / "run")
    (tmp_path / "run" / ".unfinished-1").mkdir()
    (tmp_path / "run" / ".unfinished-1" / name).write_text('{"half":')
    assert find_torn_files(tmp_path / "run") == []
    (tmp_path / "run" / "search" / name).write_text('{"half":')
    torn = str(tmp_path / "run" / "search" / name)
    assert find_torn_files(tmp_path / "run") == [torn]


def test_a_run_that_fails_is_reported_with_its_last_lines(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('out of luck')"]
    outcome = torture(command, tmp_path / "run", 1, random.Random(0))
    assert outcome == "failed: out of luck"


# Copies a finished run into its directory; the first attempt waits for a kill.
RUN = """
import pathlib, shutil, sys, time
whole, path = (pathlib.Path(word.split("=")[-1]) for word in sys.argv[1:])
begun = path / "begun"
if path.name != "whole" and not begun.exists():
    path.mkdir()
    begun.touch()
    time.sleep(60)
time.sleep(1)
shutil.copytree(whole, path, dirs_exist_ok=True)
"""


def test_a_run_is_killed_and_started_again_until_it_ends(tmp_path):
    keep_run(tmp_path / "given")
    command = [sys.executable, "-c", RUN, str(tmp_path / "given")]
    outcome = torture(command, tmp_path / "run", 2, random.Random(0))
    assert outcome.startswith("2 kills in ")
    assert outcome.endswith(": all as the whole")


# Starts two workers as `launch` does, and ends when one of them has ended.
LAUNCH = """
import subprocess, sys
waits = [sys.executable, "-c", "import time; time.sleep(60)"]
workers = [subprocess.Popen(waits) for _ in range(2)]
for index, worker in enumerate(workers):
    print(f"[{index}] process {worker.pid}", flush=True)
print("[0] search: begins", flush=True)
while all(worker.poll() is None for worker in workers):
    pass
for worker in workers:
    worker.kill()
"""
NOT_STOPPED = "the other workers did not stop"


@pytest.mark.parametrize(
    "ending, wrong",
    [
        ("sys.exit('[1] error: a worker is lost')", ""),
        ("sys.exit('error: worker 0 was ended')", "no error was printed"),
        ("sys.exit('[1] error: Traceback')", "a traceback was printed"),
        ("sys.exit('Worker 1 did not end by itself')", NOT_STOPPED),
        ("import time; time.sleep(60)", NOT_STOPPED),
    ],
)
def test_a_launch_has_to_end_with_an_error_when_a_worker_is_killed(
    tmp_path, monkeypatch, ending, wrong
):
    monkeypatch.setattr("victims.END_SECONDS", 3)
    attempt = start([sys.executable, "-c", LAUNCH + ending], tmp_path / "log")
    while "begins" not in attempt.read():
        assert not attempt.ends_in(0.1)
    assert VICTIMS["worker"](attempt, random.Random(0)) == wrong
    assert attempt.process.poll() is not None


def test_the_log_line_of_a_stage_shows_that_the_workers_are_connected(
    tmp_path, caplog
):
    with caplog.at_level(logging.INFO):
        RunDirectory(tmp_path, {}, {}).run_stage("search", lambda _: {})
    assert STAGE_STARTED.search(f"[1] {caplog.messages[0]}")
