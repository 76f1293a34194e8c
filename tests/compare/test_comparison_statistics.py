"""The tests of significance are those of the books, and of the paper."""

import math

import numpy as np
import pytest
from scipy import stats

from ntaa_tf.compare.statistics import adjust_for_many
from ntaa_tf.compare.statistics import analyse_variance
from ntaa_tf.compare.statistics import compare_pairs


def make_runs(mean, deviation, count):
    """Values with this mean and sample standard deviation."""
    values = np.arange(count, dtype=float)
    return mean + deviation * (values - values.mean()) / values.std(ddof=1)


def test_the_paper_s_analysis_follows_from_its_own_table():
    """NTAA, table VIII: means and deviations of four runs of each."""
    anova = analyse_variance(
        [make_runs(26.4, 0.70, 4), make_runs(28.4, 0.68, 4)]
    )
    assert (anova.between, anova.within) == (1, 6)
    assert anova.p == pytest.approx(0.0064, abs=5e-5)


def test_groups_of_different_sizes_have_the_f_of_the_books():
    """F is the ratio of the mean squares between and within the groups."""
    groups = [make_runs(0, 2, 4), make_runs(1, 1.5, 7), make_runs(2, 1, 5)]
    anova = analyse_variance(groups)
    grand_mean = np.concatenate(groups).mean()
    between = sum(len(g) * (g.mean() - grand_mean) ** 2 for g in groups) / 2
    within = (3 * 2**2 + 6 * 1.5**2 + 4 * 1**2) / 13
    assert (anova.between, anova.within) == (2, 13)
    assert anova.f == pytest.approx(between / within)


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_groups_without_any_spread_are_told_apart(noise, recwarn):
    """Rounding is no spread: it would make any difference significant."""
    same, other = [1.0, 1.0, 1.0 + noise], [2.0, 2.0 - noise, 2.0]
    found = analyse_variance([same, other])
    assert (found.f, found.p) == (math.inf, 0)
    assert math.isnan(analyse_variance([same, same]).p)
    assert not recwarn.list


def test_pairs_are_compared_as_scipy_does(rng):
    values, baseline = rng.normal(size=8), rng.normal(1, size=8)
    found = compare_pairs(list(values), list(baseline))
    assert found.p == pytest.approx(stats.ttest_rel(values, baseline).pvalue)
    assert found.wilcoxon_p == pytest.approx(
        stats.wilcoxon(values, baseline).pvalue
    )
    differences = values - baseline
    assert found.effect_size == pytest.approx(
        differences.mean() / differences.std(ddof=1)
    )
    low, high = found.interval
    assert low < found.difference < high
    assert found == compare_pairs(list(values), list(baseline))


def test_the_bootstrap_interval_holds_the_mean_as_often_as_it_says(rng):
    held = 0
    for seed in range(100):
        found = compare_pairs(list(rng.normal(1, size=30)), [0.0] * 30, seed)
        held += found.interval[0] <= 1 <= found.interval[1]
    assert 85 <= held <= 100


def test_pairs_that_do_not_vary_have_no_p():
    found = compare_pairs([2.0, 2.0], [1.0, 1.0])
    assert found.interval == (1.0, 1.0)
    assert math.isnan(found.p)
    assert math.isnan(compare_pairs([1.0], [1.0]).wilcoxon_p)


def test_holm_never_lowers_and_counts_only_tests():
    p_values = {"a": 0.01, "none": math.nan, "b": 0.02, "c": 0.6}
    adjusted = adjust_for_many(p_values)
    assert adjusted["a"] == pytest.approx(0.03)
    assert adjusted["b"] == pytest.approx(0.04)
    assert adjusted["c"] == pytest.approx(0.6)
    assert math.isnan(adjusted["none"])


def test_rounding_is_no_variance():
    """Three times two images of 180, from accuracies in single precision."""
    ours = [100 * (1 - float(np.float32(n / 180))) for n in (152, 155, 158)]
    theirs = [100 * (1 - float(np.float32(n / 180))) for n in (150, 153, 156)]
    assert math.isnan(compare_pairs(ours, theirs).p)
