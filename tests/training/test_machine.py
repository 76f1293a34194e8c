"""Free memory is the minimum of the machine and its control groups."""

from types import SimpleNamespace

import psutil
import pytest

from ntaa_tf.training.machine import find_free_memory
from ntaa_tf.training.machine import find_gpu_memory
from ntaa_tf.training.machine import find_peak_memory

GIB = 2**30


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Make a machine with 16 GiB available, and files of a test."""
    machine = SimpleNamespace(available=16 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: machine)

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(text))
        return tmp_path

    return write


def test_without_a_limit_it_is_what_the_machine_has(root):
    assert find_free_memory(root({})) == 16 * GIB


@pytest.mark.parametrize("own", ["", "/jobs/one"])
def test_a_limit_of_version_2_counts_with_what_is_used(root, own):
    group = f"sys/fs/cgroup{own}"
    files = {
        "proc/self/cgroup": f"0::{own or '/'}\n",
        f"{group}/memory.max": f"{8 * GIB}\n",
        f"{group}/memory.current": f"{3 * GIB}\n",
        f"{group}/memory.stat": f"anon 1\ninactive_file {GIB}\n",
    }
    assert find_free_memory(root(files)) == 6 * GIB


def test_a_limit_of_version_1_counts_with_what_is_used(root):
    group = "sys/fs/cgroup/memory/jobs"
    files = {
        "proc/self/cgroup": "9:cpu,cpuacct:/\n4:memory:/jobs\n0::/\n",
        f"{group}/memory.limit_in_bytes": 8 * GIB,
        f"{group}/memory.usage_in_bytes": 3 * GIB,
        f"{group}/memory.stat": f"inactive_file 0\ntotal_inactive_file {GIB}\n",
    }
    assert find_free_memory(root(files)) == 6 * GIB


def test_the_limit_of_a_group_around_counts_too(root):
    files = {
        "proc/self/cgroup": "0::/jobs/one\n",
        "sys/fs/cgroup/jobs/one/memory.max": "max\n",
        "sys/fs/cgroup/jobs/one/memory.current": GIB,
        "sys/fs/cgroup/jobs/memory.max": 4 * GIB,
        "sys/fs/cgroup/jobs/memory.current": 2 * GIB,
    }
    assert find_free_memory(root(files)) == 2 * GIB


def test_a_limit_above_what_the_machine_has_does_not_count(root):
    files = {
        "proc/self/cgroup": "4:memory:/\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": 2**63 - 4096,
        "sys/fs/cgroup/memory/memory.usage_in_bytes": GIB,
    }
    assert find_free_memory(root(files)) == 16 * GIB


def test_a_group_that_is_not_seen_from_here_is_left_out(root):
    files = {
        "proc/self/cgroup": "0::/elsewhere\n",
        "sys/fs/cgroup/memory.max": 4 * GIB,
        "sys/fs/cgroup/memory.current": GIB,
    }
    assert find_free_memory(root(files)) == 3 * GIB


def test_this_machine_says_what_it_has():
    assert 2**20 < find_free_memory() <= psutil.virtual_memory().total
    gpu = find_gpu_memory()
    assert gpu is None or gpu > 2**20


def test_the_peak_is_read_where_the_system_has_it(tmp_path):
    assert find_peak_memory(tmp_path) == 0
    (tmp_path / "proc" / "self").mkdir(parents=True)
    status = tmp_path / "proc" / "self" / "status"
    status.write_text("VmPeak:\t 9 kB\nVmHWM:\t    3 kB\nVmRSS:\t 2 kB\n")
    assert find_peak_memory(tmp_path) == 3 * 1024
