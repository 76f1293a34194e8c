import json

import pytest
from benchmarks import supernet
from benchmarks.measure import Timing
from benchmarks.setting import Setting
from benchmarks.variants import VARIANTS

TIMINGS = {
    "source": Timing([1.0, 2.0, 1.0], [1.0] * 3),
    "all_sites": Timing([2.0, 4.0, 2.0], [3.0] * 3),
    "floor": Timing([4.0, 8.0, 4.0], [2.0] * 3),
}
PEAKS = {"source": 600.0, "all_sites": 700.0, "floor": 620.0}


@pytest.fixture
def result(monkeypatch):
    """The results of `measure` for known timings and peaks."""

    def answer(function, *arguments):
        return {
            supernet.time_variants: lambda *_: TIMINGS,
            supernet.measure_idle_memory: lambda: 500.0,
            supernet.measure_memory: lambda _, variant: PEAKS[variant],
        }[function](*arguments)

    monkeypatch.setattr(supernet, "run_apart", answer)
    return supernet.measure(Setting("vgg19", 32, 64), list(TIMINGS), 3)


def test_every_variant_is_timed_in_turn_in_one_process(source_file):
    setting = Setting(source_file, 8, 4)
    timings = supernet.time_variants(setting, ["source", "floor"], 2)
    assert list(timings) == ["source", "floor"]
    for timing in timings.values():
        assert len(timing.wall_seconds) == len(timing.cpu_seconds) == 2
        assert min(timing.wall_seconds) > 0


def test_memory_is_that_of_a_process_that_trains(source_file, monkeypatch):
    """Here in this process; whole benchmarks start another for each."""
    steps = []
    monkeypatch.setattr(
        Setting, "make_step", lambda *_: lambda: steps.append("a step")
    )
    setting = Setting(source_file, 8, 4)
    idle = supernet.measure_idle_memory()
    assert supernet.measure_memory(setting, "source") >= idle > 100
    assert len(steps) == supernet.MEMORY_STEPS


def test_ratios_are_to_the_source_and_to_the_floor(result):
    assert result["ratios"]["time"] == {
        "source/source": 1,
        "all_sites/source": 2,
        "floor/source": 4,
        "source/floor": 0.25,
        "all_sites/floor": 0.5,
        "floor/floor": 1,
    }


def test_memory_counts_with_tensorflow_s_own_and_without(result):
    assert result["variants"]["all_sites"]["peak_mib"] == 700
    assert result["variants"]["all_sites"]["net_mib"] == 200
    assert result["ratios"]["memory"]["all_sites/source"] == 700 / 600
    assert result["ratios"]["net_memory"]["all_sites/source"] == 2


def test_the_tables_show_them_under_their_letters(result):
    text = supernet.describe([result])
    assert "| vgg19, 32, 64 | 2 | 0.5 | - | - | - | 1.17 | 2 |" in text
    assert "| (b) all sites | 2 | 3 | 2 | 0.5 | 700 | 1.17 | 200 | 2 |" in text
    assert "| (f) floor | 4 | 2 | 4 | 1 | 620 | 1.03 | 120 | 1.2 |" in text


def test_results_are_json(result):
    assert json.loads(json.dumps(result)) == result
    assert result["variants"]["source"]["wall_seconds"] == [1.0, 2.0, 1.0]


def test_the_summary_asks_for_variants_that_there_are():
    for _, key in supernet.SUMMARY.values():
        assert set(key.split("/")) <= set(VARIANTS)


def test_an_unknown_variant_is_refused():
    with pytest.raises(ValueError, match=r"--variants .*\['fast'\]"):
        supernet.run([], ["source", "fast"], 1)
