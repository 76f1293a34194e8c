"""What memory the machine has, and whether it computes alike each time."""

import re
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

# The directory below /sys/fs/cgroup, the limit and the use of each version.
_CGROUPS = {
    "memory": ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    "": ("", "memory.max", "memory.current"),
}


def find_free_memory(root: Path = Path("/")) -> int | None:
    """Find how many bytes this process may still take.

    Args:
        root: below which `proc` and `sys` are.

    Returns:
        The least of what is available on the machine and what every control
        group of the process, of version 1 or 2, has left; None where the
        system does not say.
    """
    found = [*_read_meminfo(root), *_read_cgroups(root)]
    return min(found, default=None)


def find_peak_memory(root: Path = Path("/")) -> int:
    """Find the most bytes that this process has had in memory at a time.

    Not by `getrusage`: its maximum begins with that of the process that
    started this one.

    Args:
        root: below which `proc` is.
    """
    text = _read(root / "proc" / "self" / "status")
    found = re.findall(r"^VmHWM:\s+(\d+) kB$", text, re.M)
    return 1024 * max(map(int, found), default=0)


def find_gpu_memory() -> int | None:
    """Find the bytes of the GPU that TensorFlow computes on, None without."""
    if not tf.config.list_logical_devices("GPU"):
        return None
    # Keras and TensorFlow have no public name for it.
    from tensorflow.python.client import device_lib

    return next(
        int(device.memory_limit)
        for device in device_lib.list_local_devices()
        if device.device_type == "GPU"
    )


def make_deterministic() -> None:
    """Let every operation of this process give the same bits each time."""
    tf.config.experimental.enable_op_determinism()


def _read_meminfo(root: Path) -> Iterator[int]:
    text = _read(root / "proc" / "meminfo")
    for kibibytes in re.findall(r"^MemAvailable: *(\d+) kB$", text, re.M):
        yield 1024 * int(kibibytes)


def _read_cgroups(root: Path) -> Iterator[int]:
    for line in _read(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller in _CGROUPS:
                below, limit, used = _CGROUPS[controller]
                base = root / "sys" / "fs" / "cgroup" / below
                own = base / path.strip("/")
                for group in (own, *own.parents):
                    if group.is_relative_to(base):
                        yield from _read_cgroup(group, limit, used)


def _read_cgroup(group: Path, limit: str, used: str) -> Iterator[int]:
    """Give what a control group has left, if it has a limit."""
    numbers = [_read(group / name).strip() for name in (limit, used)]
    if all(number.isdigit() for number in numbers):
        stat = _read(group / "memory.stat")
        # Files that were read and may be forgotten count as used.
        cached = re.findall(r"^(?:total_)?inactive_file (\d+)$", stat, re.M)
        yield int(numbers[0]) - int(numbers[1]) + max(map(int, cached or [0]))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return ""
