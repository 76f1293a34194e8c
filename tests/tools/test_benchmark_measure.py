import os
import re
from pathlib import Path

import numpy as np
import pytest
from benchmarks.measure import Timing
from benchmarks.measure import read_peak_memory
from benchmarks.measure import run_apart
from benchmarks.measure import time_in_turn


def test_calls_are_warmed_up_and_then_timed_in_turn():
    called = []
    calls = {name: lambda name=name: called.append(name) for name in "ab"}
    timings = time_in_turn(calls, rounds=3)
    assert "".join(called) == "aabb" + "ab" * 3
    assert {len(t.wall_seconds) for t in timings.values()} == {3}
    assert {len(t.cpu_seconds) for t in timings.values()} == {3}


def test_the_clock_runs_on_where_the_processor_sleeps(monkeypatch):
    clock = iter(range(0, 1000, 10))
    processor = iter(range(1000))
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("time.process_time", lambda: next(processor))
    timing = time_in_turn({"a": lambda: None}, rounds=2)["a"]
    assert (timing.wall_seconds, timing.cpu_seconds) == ([10, 10], [1, 1])


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    own, base = Timing([2.0, 40.0, 3.0]), Timing([1.0, 10.0, 1.0])
    assert own.ratio_to(base) == 3  # The ratios: 2, 4, 3.
    assert own.wall / base.wall == 3
    uneven = Timing([2.0, 30.0, 30.0]), Timing([1.0, 1.0, 10.0])
    assert uneven[0].ratio_to(uneven[1]) == 3  # That of the medians is 30.


def test_timings_of_unequal_rounds_do_not_compare():
    with pytest.raises(ValueError, match="shorter"):
        Timing([1.0, 2.0]).ratio_to(Timing([1.0]))


def test_a_timing_as_data_has_its_medians():
    assert Timing([3.0, 1.0, 2.0], [0.1, 0.3, 0.2]).to_dict() == {
        "wall_median": 2.0,
        "cpu_median": 0.2,
        "wall_seconds": [3.0, 1.0, 2.0],
        "cpu_seconds": [0.1, 0.3, 0.2],
    }


def test_a_function_is_run_in_another_process():
    assert run_apart(os.getpid) != os.getpid()


def read_resident_memory():
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.M)[1]) / 1024


def test_peak_memory_stays_when_memory_is_freed():
    before = read_peak_memory()
    # More than earlier tests have freed, so that the peak must rise.
    mebibytes = int(before - read_resident_memory()) + 64
    held = np.ones(mebibytes * 2**20, np.uint8)
    peak = read_peak_memory()
    assert peak > before + 32
    del held
    # The kernel's counters are exact to some pages for each thread.
    assert read_peak_memory() > peak - 8


def test_a_child_does_not_inherit_its_parents_peak():
    held = np.ones(512 * 2**20, np.uint8)
    assert read_peak_memory() > 512
    assert 1 < run_apart(read_peak_memory) < 512
    del held
