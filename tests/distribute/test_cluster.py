"""What TF_CONFIG may say."""

import json

import pytest

from ntaa_tf.distribute.cluster import VARIABLE
from ntaa_tf.distribute.cluster import read_cluster

TWO = ["a:1", "b:1"]


def read(cluster, kind, index):
    task = {"type": kind, "index": index}
    config = json.dumps({"cluster": cluster, "task": task})
    return read_cluster({VARIABLE: config})


def test_the_first_worker_is_the_chief():
    assert not read({"worker": TWO}, "worker", 0).is_led
    assert read({"worker": TWO}, "worker", 1).is_led


def test_a_chief_comes_before_the_workers():
    cluster = {"worker": TWO, "chief": ["c:1"]}
    first = read(cluster, "worker", "0")
    assert first.workers == ("c:1", "a:1", "b:1")
    assert first.is_led
    assert not read(cluster, "chief", 0).is_led


@pytest.mark.parametrize(
    ("text", "received"),
    [
        (None, "nothing"),
        ("{", "Expecting property name"),
        ("[]", "list indices"),
        ('{"cluster": {}}', "KeyError"),
    ],
)
def test_what_is_no_cluster_is_an_error(text, received):
    environment = {} if text is None else {VARIABLE: text}
    with pytest.raises(
        ValueError, match=r"TF_CONFIG. Expected .*HOST1:PORT"
    ) as it:
        read_cluster(environment)
    assert received in str(it.value)


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "received"),
    [
        ({"worker": TWO}, "worker", 2, "is not in list"),
        ({"worker": TWO}, "evaluator", 0, "is not in list"),
        ({"worker": TWO, "ps": ["c:1"]}, "worker", 0, "there are jobs"),
        ({"worker": ["a:1", "a:1"]}, "worker", 0, "two have one address"),
    ],
)
def test_a_task_that_can_not_be_is_an_error(cluster, kind, index, received):
    with pytest.raises(ValueError, match=received):
        read(cluster, kind, index)
