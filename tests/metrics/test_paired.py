"""Differences of paired scores have the intervals and p that they claim."""

import numpy as np
import pytest
from scipy import stats

from ntaa_tf.metrics.paired import compare_scores
from ntaa_tf.metrics.paired import measure_interval


def test_right_and_wrong_answers_have_the_p_of_mcnemars_exact_test():
    first = np.array([1] * 10 + [0] * 3 + [1] * 20)
    second = np.array([0] * 10 + [1] * 3 + [1] * 20)
    found = compare_scores(first, second)
    assert found.p == pytest.approx(stats.binomtest(3, 13).pvalue)
    assert found.difference == pytest.approx(7 / 33)
    assert found.examples == 33


def test_models_that_answer_alike_do_not_differ_for_sure():
    answers = np.ones(50)
    found = compare_scores(answers, answers)
    assert (found.difference, found.p) == (0, 1)
    assert found.low < 0 < found.high


@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_the_interval_covers_the_true_difference(rng, shift):
    covered = 0
    for _ in range(300):
        base = rng.uniform(size=200)
        first = (base < 0.7 + shift) ^ (rng.uniform(size=200) < 0.05)
        second = (base < 0.7) ^ (rng.uniform(size=200) < 0.05)
        found = compare_scores(first, second)
        covered += found.low <= 0.9 * shift <= found.high
    assert 0.91 <= covered / 300 <= 0.99


def test_scores_in_groups_vary_as_groups_do(rng):
    effect = np.repeat(rng.normal(size=30), 20)
    alone = compare_scores(effect, np.zeros(600))
    together = compare_scores(effect, np.zeros(600), np.arange(600) // 20)
    expected = np.std(effect[::20]) / np.sqrt(30)
    assert together.standard_error == pytest.approx(expected, rel=0.05)
    assert alone.standard_error < together.standard_error / 3


def test_graded_scores_agree_with_the_paired_t_test(rng):
    first, second = rng.normal(size=(2, 80))
    found = compare_scores(first + 0.2, second)
    expected = stats.ttest_rel(first + 0.2, second)
    assert found.p == pytest.approx(expected.pvalue, abs=0.02)
    low, high = expected.confidence_interval()
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)


def test_other_numbers_of_scores_are_refused():
    with pytest.raises(ValueError, match="3 and 2"):
        compare_scores(np.zeros(3), np.zeros(2))


def test_wilsons_interval_has_a_lower_end_above_zero():
    low, high = measure_interval(0, 20)
    assert low == 0
    assert high == pytest.approx(0.161, abs=0.001)
