"""The files in docs/clusters set TF_CONFIG for each worker."""

import os
import subprocess
import textwrap
from pathlib import Path
from unittest import mock

import pytest

from ntaa_tf.distribute.cluster import VARIABLE
from ntaa_tf.distribute.cluster import read_cluster

FILES = Path(__file__).parents[1] / "docs" / "clusters"
FLAGS = ["--seed=1", "--workdir=two words"]
# Stand-ins for the commands of a scheduler.
COMMANDS = {
    "python": 'echo "$TF_CONFIG"; printf "%s\\n" "$@"',
    "scontrol": "echo first; echo second",
    "srun": 'shift; export SLURM_PROCID=1; exec "$@"',
}


@pytest.fixture
def run(tmp_path):
    """Run a command with the stand-ins first in PATH; read its TF_CONFIG."""
    for name, text in COMMANDS.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)

    def run_command(*command, **environment):
        paths = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **environment, "PATH": paths},
        )
        config, *words = ended.stdout.splitlines()
        with mock.patch.dict(os.environ, {VARIABLE: config}):
            return read_cluster(), words

    return run_command


EXPECTED = ["-m", "ntaa_tf.adapt", "--distribute=multiworker", *FLAGS]


def test_slurm_has_a_worker_on_each_node(run):
    cluster, words = run(
        *("bash", str(FILES / "slurm.sh"), *FLAGS),
        SLURM_JOB_ID="20007",
        SLURM_JOB_NODELIST="nodes",
    )
    assert cluster.workers == ("first:20007", "second:20007")
    assert cluster.index == 1
    assert words == EXPECTED


def test_kubernetes_has_a_worker_in_each_pod(run):
    text = (FILES / "kubernetes.yaml").read_text("utf-8")
    script = textwrap.dedent(
        text.partition("- |\n")[2].partition("- worker")[0]
    )
    workers = text.partition("value: '")[2].partition("'")[0]
    cluster, words = run(
        *("bash", "-c", script, "worker", *FLAGS),
        WORKERS=workers,
        JOB_COMPLETION_INDEX="1",
    )
    assert cluster.workers == ("ntaa-0.ntaa:2222", "ntaa-1.ntaa:2222")
    assert cluster.index == 1
    assert words == EXPECTED
