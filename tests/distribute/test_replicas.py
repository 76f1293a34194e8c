"""Several replicas end with the weights of one, from the same batches.

The replicas are two devices of one process, or two processes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from distribute import trainings
from distribute import two_workers

from ntaa_tf.distribute import write_cluster
from ntaa_tf.distribute.launching import find_ports

TOLERANCE = 1e-4
TESTS = Path(__file__).parents[1]
TWO_REPLICAS = """
import sys
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
from distribute import two_replicas

two_replicas.main(*sys.argv[1:])
"""
TWO_WORKERS = """
import sys
from distribute import two_workers

two_workers.main(*sys.argv[1:])
"""


def start(script, *arguments, **environment):
    """Run a script in a process of its own."""
    paths = f"{TESTS}{os.pathsep}{TESTS.parent}"
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    )


def listen(process, status=0):
    """Wait for a process; return the results that it printed, by name."""
    told, errors = process.communicate(timeout=300)
    assert process.returncode == status, errors[-3000:]
    lines = [line for line in told.splitlines() if line[:1] == "{"]
    return {
        name: value
        for line in lines
        for name, value in json.loads(line).items()
    }


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Directory for the outcomes of training on one replica."""
    return tmp_path_factory.mktemp("alone")


# Their graphs take the longest to trace.
LONGEST = ("joint, decoupled", "bilevel, unrolled")


@pytest.fixture(scope="module")
def replicas(alone):
    """Results of two replicas, in a process that splits its devices first."""
    methods = [name for name in trainings.METHODS if name not in LONGEST]
    return listen(start(TWO_REPLICAS, alone, *methods))


@pytest.fixture(scope="module")
def workers(replicas, alone, tmp_path_factory):
    """Results of two workers, in processes of their own."""
    shared = tmp_path_factory.mktemp("shared")
    addresses = [f"localhost:{port}" for port in find_ports(2)]
    processes = [
        start(
            TWO_WORKERS,
            alone,
            shared,
            TF_CONFIG=write_cluster(addresses, index),
        )
        for index in range(2)
    ]
    statuses = 0, -9  # The second is killed in the end.
    return [*map(listen, processes, statuses)]


@pytest.mark.parametrize(
    "method", [name for name in trainings.METHODS if name not in LONGEST]
)
def test_two_replicas_learn_what_one_learns(replicas, method):
    """The whole state of the training, in each replica, and all metrics."""
    check(replicas[method])


@pytest.mark.long
def test_two_replicas_learn_the_other_methods_too(alone):
    results = listen(start(TWO_REPLICAS, alone, *LONGEST))
    for method in LONGEST:
        check(results[method])


@pytest.mark.parametrize("method", two_workers.METHODS)
def test_two_workers_learn_what_one_learns(workers, method):
    for told in workers:
        check(told[method])


def check(told):
    """Check that the weights moved, and equally on all replicas."""
    assert told["replicas"] == 2
    assert told["moved"] > 50 * TOLERANCE
    assert told["state"] < TOLERANCE
    assert told["measures"] < TOLERANCE


def test_a_killed_training_goes_on_in_every_replica(replicas):
    assert replicas["resume"]["cut"] > 100 * TOLERANCE
    assert replicas["resume"]["resumed"] < TOLERANCE


def test_keras_still_needs_help_on_several_workers(workers):
    """See issue 20585 of keras-team/keras."""
    for told in workers:
        build, logs = told["keras"]
        assert "Attempt to convert a value (PerReplica" in build, (
            "Keras has changed how it builds a model with several workers. "
            "Does it need DistributedModel._maybe_symbolic_build?"
        )
        assert "Invalid reduction dimension 0" in logs, (
            "Keras has changed how it reduces the logs of several workers. "
            "Does it need DistributedModel._make_function?"
        )


def test_what_the_chief_has_is_what_all_have(workers):
    assert [told["agreed"] for told in workers] == [{"worker": 0}] * 2


def test_another_command_is_refused_by_the_worker_that_has_it(workers):
    chief, led = (told["different"] for told in workers)
    assert chief == "alike"
    assert led == (
        "All workers need the same flags. seed: 0 on worker 0, 1 on worker 1. "
        "Start all workers with the same command, on the same files."
    )


def test_only_the_chief_writes_into_the_directory(workers):
    chief, led = (told["directory"] for told in workers)
    assert chief["within"] == chief["kept"] == ["0.txt", "before.txt"]
    assert led == {
        "within": ["1.txt", "before.txt"],
        "kept": ["0.txt", "before.txt"],
    }


def test_a_directory_that_a_worker_does_not_see_is_refused_by_all(workers):
    for told in workers:
        assert "is not shared by all workers: 1 of them" in told["refused"]


def test_a_training_ends_when_it_loses_a_worker(workers):
    chief, _ = workers
    assert chief["lost"].startswith("A worker is lost")
