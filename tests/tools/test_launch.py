"""Several workers on one machine."""

import json

import launch
import pytest

WORKER = """
import json
import os
import sys

print(os.environ["TF_CONFIG"], *sys.argv[1:])
{}
"""


@pytest.fixture
def make_module(tmp_path, monkeypatch):
    """Give a module that workers run, which ends in some way."""

    def make(ending=""):
        (tmp_path / "worker.py").write_text(WORKER.format(ending))
        return "worker"

    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return make


def test_each_worker_is_told_of_all(make_module, capfd):
    assert launch.launch(3, make_module(), ["--smoke"]) == 0
    lines = capfd.readouterr().out.splitlines()
    told = [line.split(maxsplit=1) for line in lines if "cluster" in line]
    configs = {}
    for number, line in told:
        text, *given = line.rsplit(maxsplit=2)
        assert given == ["--distribute=multiworker", "--smoke"]
        configs[number] = json.loads(text)
    assert sorted(configs) == ["[0]", "[1]", "[2]"]
    clusters = [config["cluster"]["worker"] for config in configs.values()]
    assert clusters == clusters[:1] * 3
    assert len(set(clusters[0])) == 3


def test_a_failure_is_that_of_the_launch(make_module):
    ends = 'sys.exit(2 * json.loads(os.environ["TF_CONFIG"])["task"]["index"])'
    assert launch.launch(2, make_module(ends), []) == 2


def test_a_killed_worker_is_told(make_module):
    module = make_module("os.kill(os.getpid(), 9)")
    with pytest.raises(RuntimeError, match="Worker 0 was ended by SIGKILL"):
        launch.launch(1, module, [])


def test_those_who_go_on_without_the_failed_are_ended(make_module, monkeypatch):
    monkeypatch.setattr(launch, "GRACE_SECONDS", 0.5)
    hangs = """
if json.loads(os.environ["TF_CONFIG"])["task"]["index"]:
    sys.exit(1)
import time
time.sleep(600)
"""
    assert launch.launch(2, make_module(hangs), []) == 1
