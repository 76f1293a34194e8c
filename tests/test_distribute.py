"""Several replicas learn what one learns, from the same batches."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import pytest

from ntaa_tf.distribute import count_replicas
from ntaa_tf.distribute import enter_strategy
from ntaa_tf.distribute import gather
from ntaa_tf.distribute import run_once
from ntaa_tf.distribute import sum_over_replicas
from ntaa_tf.graph.batch_norm import synchronize
from ntaa_tf.recipe import Recipe
from ntaa_tf.stages import streams

TOLERANCE = 1e-4
METHODS = (
    *("plain", "plain, accumulated", "synchronized", "triplets"),
    *("joint", "joint, accumulated", "joint, decoupled", "single path"),
    *("bilevel", "bilevel, unrolled", "bilevel, with a head", "contrastive"),
)
TWO_REPLICAS = """
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
import two_replicas

two_replicas.main()
"""


@pytest.fixture(scope="module")
def compared():
    """In a process of its own: devices are split before TensorFlow begins."""
    tests = Path(__file__).parent
    paths = f"{tests}{os.pathsep}{tests.parent}"
    ended = subprocess.run(
        [sys.executable, "-c", TWO_REPLICAS],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    lines = [line for line in ended.stdout.splitlines() if line[:1] == "{"]
    return {
        name: told for line in lines for name, told in json.loads(line).items()
    }


@pytest.mark.parametrize("method", METHODS)
def test_two_replicas_learn_what_one_learns(compared, method):
    """All state of the training, in each replica, and what is measured."""
    told = compared[method]
    assert told["replicas"] == 2
    assert told["moved"] > 50 * TOLERANCE
    assert told["state"] < TOLERANCE
    assert told["measures"] < TOLERANCE


def test_a_killed_training_goes_on_in_every_replica(compared):
    assert compared["resume"]["cut"] > 100 * TOLERANCE
    assert compared["resume"]["resumed"] < TOLERANCE


def test_a_single_device_is_a_single_replica():
    with enter_strategy("mirrored"):
        assert count_replicas() == 1
        total = keras.Variable(0.0)
        (one,) = sum_over_replicas([gather(keras.ops.ones((2,)))])
        run_once(lambda value: total.assign(value[0]), one)
    assert float(total.numpy()) == 1.0


def test_an_unknown_strategy_is_an_error():
    with pytest.raises(ValueError, match=r"`distribute`. Expected one of"):
        enter_strategy("typo")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"sync_batch_norm": True}, "`sync_batch_norm`. Expected False"),
        (
            {"distribute": "mirrored", "steps_per_execution": 2},
            "`steps_per_execution`. Expected 1",
        ),
        (
            {"distribute": "mirrored", "mixed_precision": "float16"},
            "`mixed_precision`. Expected none or bfloat16",
        ),
    ],
)
def test_what_can_not_be_mirrored_is_refused(choices, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**choices)


def test_a_batch_that_can_not_be_divided_is_refused(monkeypatch):
    monkeypatch.setattr(streams, "count_replicas", lambda: 3)
    dataset = SimpleNamespace(train=None, target=None)
    streams.check_replicas(Recipe(batch_size=33), dataset)
    with pytest.raises(ValueError, match=r"Expected a multiple of 3.*: 32"):
        streams.check_replicas(Recipe(batch_size=32), dataset)


def test_batch_norm_is_synchronized_and_back_in_nested_models_too():
    inputs = keras.Input((8, 8, 3))
    norms = [keras.layers.BatchNormalization() for _ in range(2)]
    inner = keras.Sequential([keras.Input((8, 8, 3)), norms[0]])
    model = keras.Model(inputs, norms[1](inner(inputs)))
    for synchronized in (True, False):
        synchronize(model, synchronized)
        assert [norm.synchronized for norm in norms] == [synchronized] * 2
