"""Error is drawn against MACs where there is something to compare."""

from dataclasses import replace

import pytest
from measured import COSTS
from measured import make_metrics

from ntaa_tf.report import trade_off
from ntaa_tf.report.trade_off import draw_trade_off

ADAPTED = COSTS | {"macs": 3e7, "test_accuracy": 0.84}
METRICS = make_metrics(
    baseline=COSTS | {"macs": 4e7, "test_accuracy": 0.83},
    collapsed={"test_accuracy": 0.7},
    searched=ADAPTED,
    adapted=ADAPTED,
)


@pytest.fixture
def axes(monkeypatch):
    """What is drawn of the metrics."""
    drawn = []
    monkeypatch.setattr(
        trade_off, "to_svg", lambda figure, _: drawn.append(figure) or "<svg/>"
    )
    assert draw_trade_off(METRICS) == "<svg/>"
    return drawn[0].axes[0]


def test_each_model_that_was_measured_is_a_named_point(axes):
    points = [tuple(map(float, line.get_xydata()[0])) for line in axes.lines]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert dict(zip(names, points, strict=True)) == {
        "plain finetuning": (4e7, pytest.approx(17)),
        "searched, not finetuned": (3e7, pytest.approx(30)),
        "NTAA": (3e7, pytest.approx(16)),
    }


def test_models_are_told_by_more_than_colour(axes):
    baseline, searched, adapted = axes.lines
    assert baseline.get_marker() != searched.get_marker()
    # One of them may lie on the other.
    assert searched.get_fillstyle() == "none"
    assert searched.get_markersize() > adapted.get_markersize()


@pytest.mark.parametrize("baseline", [{}, {"test_accuracy": 0.8}, COSTS])
def test_one_point_is_nothing_to_compare(baseline):
    metrics = make_metrics(baseline=baseline, adapted=ADAPTED)
    assert draw_trade_off(metrics) == ""


def test_retrieval_is_judged_by_its_own_score():
    model = COSTS | {"test_map": 0.5}
    metrics = make_metrics(score="map", source=model, adapted=model)
    assert "<svg" in draw_trade_off(metrics)
    assert draw_trade_off(replace(metrics, score="accuracy")) == ""
