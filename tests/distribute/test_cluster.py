"""TF_CONFIG describes the cluster, or the error says what is wrong."""

import json

import pytest

from ntaa_tf.distribute.cluster import VARIABLE
from ntaa_tf.distribute.cluster import read_cluster

TWO = ["a:1", "b:1"]


@pytest.fixture
def read(monkeypatch):
    def write_and_read(cluster, kind, index):
        task = {"type": kind, "index": index}
        config = json.dumps({"cluster": cluster, "task": task})
        monkeypatch.setenv(VARIABLE, config)
        return read_cluster()

    return write_and_read


def test_the_first_worker_is_the_chief(read):
    assert not read({"worker": TWO}, "worker", 0).is_follower
    assert read({"worker": TWO}, "worker", 1).is_follower


def test_a_chief_comes_before_the_workers(read):
    cluster = {"worker": TWO, "chief": ["c:1"]}
    first = read(cluster, "worker", "0")
    assert first.workers == ("c:1", "a:1", "b:1")
    assert first.is_follower
    assert not read(cluster, "chief", 0).is_follower


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "TF_CONFIG is missing."),
        ("{", "Expecting property name"),
        ("3", "TF_CONFIG is 3 (argument of type 'int'"),
        ("[]", "TF_CONFIG is [] (the task (None, None) is none of []"),
        ('{"cluster": {}}', "(None, None) is none of []"),
        ('{"cluster": {"worker": "a:1"}}', "must be a list"),
        (json.dumps({"cluster": {"worker": TWO}}), "is none of"),
    ],
)
def test_an_invalid_variable_is_an_error(text, problem, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    if text is not None:
        monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ValueError, match=r"multiworker needs .*HOST1:P") as it:
        read_cluster()
    assert problem in str(it.value)


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "problem"),
    [
        ({"worker": TWO}, "worker", 2, r"'worker', 2\) is none of"),
        ({"worker": TWO}, "evaluator", 0, r"'evaluator', 0\) is none of"),
        ({"worker": TWO}, "worker", "x", "invalid literal for int"),
        ({"worker": TWO, "ps": ["c:1"]}, "worker", 0, "there are other jobs"),
        ({"worker": ["a:1", "a:1"]}, "worker", 0, "have the same address"),
    ],
)
def test_an_impossible_task_is_an_error(read, cluster, kind, index, problem):
    with pytest.raises(ValueError, match=problem):
        read(cluster, kind, index)
