"""Several workers on one machine are started, printed and ended."""

import json

import pytest
import victims

from ntaa_tf.distribute import launching

WORKER = """
import json
import os
import sys

print(os.environ["TF_CONFIG"], *sys.argv[1:])
{}
"""


@pytest.fixture
def make_module(tmp_path, monkeypatch):
    """Make a module for the workers, which ends with the given code."""

    def make(ending=""):
        (tmp_path / "worker.py").write_text(WORKER.format(ending))
        return "worker"

    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return make


def test_each_worker_knows_all_addresses_and_its_index(make_module, capfd):
    assert launching.launch(3, make_module(), ["--smoke"]) == 0
    output = capfd.readouterr().out
    assert len(victims.WORKER.findall(output)) == 3
    printed = [
        line.split(maxsplit=1)
        for line in output.splitlines()
        if "cluster" in line
    ]
    configs = {}
    for number, line in printed:
        text, *words = line.rsplit(maxsplit=2)
        assert words == ["--distribute=multiworker", "--smoke"]
        configs[number] = json.loads(text)
    assert sorted(configs) == ["[0]", "[1]", "[2]"]
    clusters = [config["cluster"]["worker"] for config in configs.values()]
    assert clusters == clusters[:1] * 3
    assert len(set(clusters[0])) == 3


def test_the_status_of_a_failed_worker_is_that_of_the_launch(make_module):
    ends = 'sys.exit(2 * json.loads(os.environ["TF_CONFIG"])["task"]["index"])'
    assert launching.launch(2, make_module(ends), []) == 2


def test_a_killed_worker_is_reported(make_module):
    module = make_module("os.kill(os.getpid(), 9)")
    with pytest.raises(RuntimeError, match="Worker 0 was ended by SIGKILL"):
        launching.launch(1, module, [])


def test_workers_that_outlive_a_failed_one_are_killed(
    make_module, monkeypatch, capfd
):
    monkeypatch.setattr(launching, "GRACE_SECONDS", 0.5)
    hangs = """
if json.loads(os.environ["TF_CONFIG"])["task"]["index"]:
    sys.exit(1)
import time
time.sleep(600)
"""
    assert launching.launch(2, make_module(hangs), []) == 1
    assert victims.KILLED_LATE in capfd.readouterr().out
