"""Time and memory, measured so that variants can be compared."""

import concurrent.futures
import multiprocessing
import re
import statistics
import time
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import TypeVar

WARM_UP_CALLS = 2

Key = TypeVar("Key")


@dataclass(frozen=True)
class Timing:
    """Seconds of every timed call: of the clock, and of all CPU cores."""

    wall_seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """The median of the clock's seconds."""
        return statistics.median(self.wall_seconds)

    @property
    def cpu(self) -> float:
        """The median of the CPU's seconds."""
        return statistics.median(self.cpu_seconds)

    def ratio_to(self, base: "Timing") -> float:
        """Divide by another's time within each round; give the median.

        A slow moment of the machine falls on all calls of a round, so this
        is steadier than the ratio of the medians.
        """
        rounds = zip(self.wall_seconds, base.wall_seconds, strict=True)
        return statistics.median(own / other for own, other in rounds)

    def to_dict(self) -> dict[str, Any]:
        """Give the medians, and every call."""
        return {
            "wall_median": self.wall,
            "cpu_median": self.cpu,
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
        }


def time_in_turn(
    calls: Mapping[Key, Callable[[], Any]], rounds: int
) -> dict[Key, Timing]:
    """Time functions that have done their work when they return.

    Each is called twice to warm up, which includes tracing. Then, in every
    round, each is called and timed once.

    Args:
        calls: the functions, by any name.
        rounds: timed calls of each.
    """
    for call in calls.values():
        for _ in range(WARM_UP_CALLS):
            call()
    timings = {name: Timing() for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            timings[name].wall_seconds.append(time.perf_counter() - wall)
            timings[name].cpu_seconds.append(time.process_time() - cpu)
    return timings


def run_apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a fresh process, and give what it returns."""
    with concurrent.futures.ProcessPoolExecutor(
        max_workers=1, mp_context=multiprocessing.get_context("spawn")
    ) as process:
        return process.submit(function, *arguments).result()


def read_peak_memory() -> float:
    """Give the largest resident memory that this process has had, in MiB.

    Not by `getrusage`: its `ru_maxrss` begins with that of the process that
    started this one.
    """
    status = Path("/proc/self/status").read_text("utf-8")
    (kibibytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kibibytes) / 1024
