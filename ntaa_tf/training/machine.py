"""Memory of the machine, and deterministic execution."""

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import tensorflow as tf

# By the controller's name in /proc/self/cgroup (empty for version 2): its
# folder below /sys/fs/cgroup, the file of the limit, and that of the use.
_CGROUPS = {
    "memory": ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    "": ("", "memory.max", "memory.current"),
}


def find_free_memory(root: Path = Path("/")) -> int:
    """Return the number of bytes that this process may still allocate.

    psutil knows the memory of the whole machine. In a container or a batch
    job the control groups of the process allow less.

    Args:
        root: directory above `proc` and `sys`, from which the control groups
            are read.

    Returns:
        The minimum of the memory available on the machine and the memory left
        in each control group of the process, of version 1 or 2.
    """
    available = psutil.virtual_memory().available
    return min([available, *_read_cgroups(root)])


def find_peak_memory(root: Path = Path("/")) -> int:
    """Return the most bytes this process has had in memory; 0 if unknown.

    The number is Linux's VmHWM, which psutil does not report. The maximum of
    `getrusage` would be wrong: it starts from the parent's at the fork.

    Args:
        root: directory above `proc`.
    """
    text = _read(root / "proc" / "self" / "status")
    found = re.findall(r"^VmHWM:\s+(\d+) kB$", text, re.M)
    return 1024 * max(map(int, found), default=0)


def find_gpu_memory() -> int | None:
    """Return the bytes of TensorFlow's first GPU, None without a GPU."""
    if not tf.config.list_logical_devices("GPU"):
        return None
    # TensorFlow has no public name for this number.
    from tensorflow.python.client import device_lib

    return next(
        int(device.memory_limit)
        for device in device_lib.list_local_devices()
        if device.device_type == "GPU"
    )


def make_deterministic() -> None:
    """Make every operation of this process return the same bits each time."""
    tf.config.experimental.enable_op_determinism()


def _read_cgroups(root: Path) -> Iterator[int]:
    """Yield the bytes left in each control group of this process.

    A line of /proc/self/cgroup reads `id:controllers:path`, such as
    `4:memory:/jobs/one` (version 1) or `0::/jobs/one` (version 2).
    """
    for line in _read(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller in _CGROUPS:
                folder, limit, used = _CGROUPS[controller]
                base = root / "sys" / "fs" / "cgroup" / folder
                own = base / path.strip("/")
                # The limit of an outer group holds for its inner groups too.
                for group in (own, *own.parents):
                    if group.is_relative_to(base):
                        yield from _read_cgroup(group, limit, used)


def _read_cgroup(group: Path, limit: str, used: str) -> Iterator[int]:
    """Yield the bytes left in a control group, if it has a limit."""
    numbers = [_read(group / name).strip() for name in (limit, used)]
    if all(number.isdigit() for number in numbers):
        stat = _read(group / "memory.stat")
        # The use includes cached files, which the kernel drops on demand.
        cached = re.findall(r"^(?:total_)?inactive_file (\d+)$", stat, re.M)
        yield int(numbers[0]) - int(numbers[1]) + max(map(int, cached or [0]))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return ""
