import json

import pytest
from benchmarks import growth
from benchmarks.growth_plot import draw_growth
from benchmarks.measure import Timing
from benchmarks.setting import Setting

from ntaa_tf.search.insert import insert_mixed_ops

TIMINGS = {
    (2, "merged"): Timing([1.0], [1.0]),
    (2, "one by one"): Timing([2.0], [1.0]),
    (8, "merged"): Timing([1.5], [1.0]),
    (8, "one by one"): Timing([6.0], [1.0]),
}


@pytest.fixture(scope="module")
def digits():
    return Setting("digits0to4", 16, 2).build_source()


@pytest.mark.parametrize("number", growth.NUMBERS)
def test_a_dense_3x3_site_has_as_many_candidates_as_are_counted(number, digits):
    names = ",".join(growth.CANDIDATES[: number - 1])
    for choice in insert_mixed_ops(digits, names, sites="spatial").choices:
        assert len(choice.options) == number
        assert choice.num_unmerged == 0
        assert "conv5x5" in choice.options


def test_growth_is_from_the_first_value_and_ratios_are_at_each():
    first, last = growth.list_points(TIMINGS)
    assert (first["value"], last["value"]) == (2, 8)
    assert (first["ratio"], last["ratio"]) == (0.5, 0.25)
    assert last["steps"]["merged"]["growth"] == 1.5
    assert last["steps"]["one by one"]["growth"] == 3


def test_candidates_are_timed_merged_and_one_by_one(source_file, monkeypatch):
    monkeypatch.setattr(growth, "NUMBERS", (2,))
    (point,) = growth.time_candidates(Setting(source_file, 8, 4), rounds=1)
    assert point["value"] == 2
    assert list(point["steps"]) == ["merged", "one by one"]


@pytest.mark.long
def test_settings_are_timed_beside_plain_finetuning(source_file):
    settings = {4: Setting(source_file, 8, 4)}
    points = growth.time_settings(settings, rounds=1)
    assert [point["value"] for point in points] == [4]
    assert list(points[0]["steps"]) == ["supernet", "plain finetuning"]
    assert json.loads(json.dumps(points)) == points


def test_the_table_and_the_plot_show_every_axis():
    points = growth.list_points(TIMINGS)
    axes = {"candidates": points, "batch": points}
    assert "| 8 | 1.5 | 1.5 | 6 | 3 | 0.25 |" in growth.describe(axes)
    panels = draw_growth(axes).axes
    labels = [panel.get_xlabel() for panel in panels]
    assert labels == ["linear candidates at a site", "images in a batch"]
    (merged, one_by_one) = panels[0].get_lines()
    assert list(merged.get_ydata()) == [1.0, 1.5]
    assert list(one_by_one.get_ydata()) == [2.0, 6.0]
