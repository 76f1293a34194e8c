"""The verdict says what the test images say, and what they do not."""

from dataclasses import replace

import pytest
from measured import COSTS
from measured import make_metrics

from ntaa_tf.report import judge
from ntaa_tf.storage.metric_records import BudgetCost
from ntaa_tf.storage.metric_records import DataFacts
from ntaa_tf.storage.metric_records import HandOverChoice
from ntaa_tf.storage.metric_records import PairedDifference

PLAIN = COSTS | {"test_accuracy": 0.90, "validation_accuracy": 0.9}
SEARCHED = COSTS | {
    "macs": 20_300_000,
    "depth": 18,
    "latency_ms": {"1": 1.2, "32": 5.0},
    "test_accuracy": 0.95,
    "validation_accuracy": 0.94,
}


def differ(difference, p, examples=1000):
    return PairedDifference(
        difference, difference - 0.02, difference + 0.02, 0.01, p, examples
    )


def make_compared(difference, handed_over="searched", **changes):
    """Make the metrics of a run with a baseline."""
    metrics = make_metrics(baseline=PLAIN, searched=SEARCHED, adapted=SEARCHED)
    measured = changes.pop("measured", True)
    validation = changes.pop("validation", differ(0.01, 0.3, 500))
    choice = HandOverChoice(
        handed_over, "it is cheaper", measured, validation, 1.0
    )
    data = DataFacts(5000, 500, 1000, largest_class=0.1)
    return replace(
        metrics,
        difference=difference,
        hand_over=choice,
        **{"data": data, **changes},
    )


def test_the_sentence_has_score_difference_costs_and_choice():
    verdict = judge(make_compared(differ(0.05, 0.001)))
    assert verdict.outcome == "better"
    assert verdict.sentence == (
        "NTAA: 95.0 % test accuracy (95 %: 93.5 to 96.2) on 1,000 test images: "
        "better than plain finetuning (+5.0 points, 95 % from +3.0 to +7.0, "
        "p 0.001). It has 0.50 of the MACs of plain finetuning, 0.80 of the "
        "latency, and depth 18 instead of 20. Handed over: NTAA, because it is "
        "cheaper on 500 validation images (+1.0 points, 95 % from -1.0 to "
        "+3.0, p 0.3)."
    )
    assert verdict.warnings == ()


@pytest.mark.parametrize(
    ("difference", "p", "outcome"),
    [
        (0.05, 0.04, "better"),
        (0.05, 0.05, "no different"),
        (-0.05, 0.5, "no different"),
        (-0.05, 1e-9, "worse"),
    ],
)
def test_chance_is_no_difference(difference, p, outcome):
    verdict = judge(make_compared(differ(difference, p)))
    assert verdict.outcome == outcome
    assert f": {outcome} " in verdict.sentence


def test_without_a_baseline_there_is_a_score_alone():
    metrics = make_metrics(adapted=SEARCHED)
    verdict = judge(replace(metrics, data=DataFacts(50, 50, 1000, 0.5)))
    assert verdict.outcome is None
    assert verdict.sentence == (
        "NTAA: 95.0 % test accuracy (95 %: 93.5 to 96.2) on 1,000 test images."
    )


def test_retrieval_has_no_interval_of_its_own():
    model = COSTS | {"test_map": 0.7}
    metrics = make_metrics(score="map", adapted=model)
    verdict = judge(replace(metrics, data=DataFacts(50, 50, 1800)))
    assert verdict.sentence == "NTAA: 70.0 % test mAP on 1,800 test queries."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"validation": differ(0.0, 1.0, 19)}, "rests on 19 validation"),
        (
            {"budget": {"macs": BudgetCost(9.0, 5.0, 4.0)}},
            "The limits cost 5.0 points",
        ),
        ({"data": DataFacts(9, 500, 1000, 0.94)}, "has hardly learnt"),
        ({"data": DataFacts(9, 50_000, 50_000, 0.1)}, "are far apart"),
    ],
)
def test_doubts_are_told(changes, words):
    (warning,) = judge(make_compared(differ(-0.05, 0.01), **changes)).warnings
    assert words in warning


def test_a_choice_by_request_rests_on_no_images():
    verdict = judge(
        make_compared(
            differ(0.0, 1.0), measured=False, validation=differ(0.0, 1.0, 19)
        )
    )
    assert verdict.sentence.endswith(
        "Handed over: NTAA, because it is cheaper."
    )
    assert verdict.warnings == ()


def test_a_large_class_is_no_reason_for_doubt_alone():
    data = DataFacts(9, 500, 1000, largest_class=0.9)
    assert judge(make_compared(differ(0.0, 1.0), data=data)).warnings == ()
