"""The words after -- are flags of the workers."""

import os
import subprocess
import sys

import pytest

WORKER = """
import sys

print("flags:", *sys.argv[1:])
sys.exit(3)
"""


@pytest.fixture
def launch(tmp_path):
    """Launches workers that print their flags and end with status 3."""
    (tmp_path / "worker.py").write_text(WORKER)
    paths = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}

    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "ntaa_tf", "launch", *words],
            capture_output=True,
            text=True,
            env=environment,
        )

    return run


def test_flags_of_the_workers_are_passed_on(launch):
    done = launch("--workers=1", "--module=worker", "--", "--smoke", "--seed=1")
    assert done.returncode == 3, done.stderr
    printed = "[0] flags: --distribute=multiworker --smoke --seed=1"
    assert printed in done.stdout


def test_no_workers_are_refused(launch):
    done = launch("--workers=0")
    assert done.returncode == 2
    assert "--workers=0" in done.stderr
