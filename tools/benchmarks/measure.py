"""Time and memory of variants, measured so that they can be compared."""

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
    """Seconds of every timed call.

    Args:
        wall_seconds: seconds of the clock.
        cpu_seconds: seconds of all CPU cores together.
    """

    wall_seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Median of the wall-clock seconds."""
        return statistics.median(self.wall_seconds)

    @property
    def cpu(self) -> float:
        """Median of the CPU seconds."""
        return statistics.median(self.cpu_seconds)

    def ratio_to(self, base: "Timing") -> float:
        """Return the median of the ratios to another timing in each round.

        A slow moment of the machine affects all calls of a round. So this is
        steadier than the ratio of the medians.
        """
        rounds = zip(self.wall_seconds, base.wall_seconds, strict=True)
        return statistics.median(own / other for own, other in rounds)

    def to_dict(self) -> dict[str, Any]:
        """Return the medians and the seconds of every call."""
        return {
            "wall_median": self.wall,
            "cpu_median": self.cpu,
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
        }


def time_in_turn(
    calls: Mapping[Key, Callable[[], Any]], rounds: int
) -> dict[Key, Timing]:
    """Time functions in turn.

    Each function is called twice for warm-up, which includes tracing. Then
    each is called and timed once in every round.

    Args:
        calls: functions by name. They must be synchronous: the timing ends
            when they return.
        rounds: number of timed calls of each function.
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
    """Call a function in a fresh process; return its result."""
    with concurrent.futures.ProcessPoolExecutor(
        max_workers=1, mp_context=multiprocessing.get_context("spawn")
    ) as process:
        return process.submit(function, *arguments).result()


def read_peak_memory() -> float:
    """Return the peak resident memory of this process, in MiB.

    `getrusage` can't be used: its `ru_maxrss` starts at the peak of the parent
    process.
    """
    status = Path("/proc/self/status").read_text("utf-8")
    (kibibytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kibibytes) / 1024
