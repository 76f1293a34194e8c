"""The memory that is left is the least that anything leaves."""

import pytest

from ntaa_tf.training.machine import find_free_memory
from ntaa_tf.training.machine import find_gpu_memory

GIB = 2**30


@pytest.fixture
def root(tmp_path):
    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(text))
        return tmp_path

    write({"proc/meminfo": f"MemFree: 1 kB\nMemAvailable:  {16 * 2**20} kB\n"})
    return write


def test_without_a_limit_it_is_what_the_machine_has(root):
    assert find_free_memory(root({})) == 16 * GIB


def test_a_system_that_does_not_say_is_unknown(tmp_path):
    assert find_free_memory(tmp_path) is None


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
    free = find_free_memory()
    assert free is None or free > 2**20
    gpu = find_gpu_memory()
    assert gpu is None or gpu > 2**20
