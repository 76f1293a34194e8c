"""Whether methods differ: analysis of variance and paired comparisons."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

SIGNIFICANCE = 0.05
RESAMPLES = 9999
# What varies by less than this varies by rounding, not from run to run.
NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class Moments:
    """What a table gives of several runs.

    Args:
        mean: of the runs.
        deviation: their sample standard deviation; NaN of one run.
        count: how many they are.
    """

    mean: float
    deviation: float
    count: int

    @classmethod
    def measure(cls, values: Sequence[float]) -> "Moments":
        """Measure those of some values.

        Example:
        >>> Moments.measure([1.0, 2.0, 3.0])
        Moments(mean=2.0, deviation=1.0, count=3)
        """
        many = len(values) > 1
        deviation = float(np.std(values, ddof=1)) if many else math.nan
        if deviation < NEGLIGIBLE:
            deviation = 0.0
        return cls(float(np.mean(values)), deviation, len(values))


@dataclass(frozen=True)
class Anova:
    """A one-way analysis of variance.

    Args:
        f: the mean square between the groups over that within them.
        p: how probable so large an F is where all groups have one mean.
        between: degrees of freedom between the groups.
        within: degrees of freedom within them.
    """

    f: float
    p: float
    between: int
    within: int


def analyse_variance(groups: Sequence[Moments]) -> Anova:
    """Ask whether groups of runs have one mean, from their moments.

    Args:
        groups: at least two, each of at least two runs.

    Source: NTAA, table VIII.

    Example:
    >>> groups = [Moments(26.4, 0.7, 4), Moments(28.4, 0.68, 4)]
    >>> round(analyse_variance(groups).p, 4)
    0.0064
    """
    counts = np.array([group.count for group in groups])
    means = np.array([group.mean for group in groups])
    variances = np.array([group.deviation for group in groups]) ** 2
    between = len(groups) - 1
    within = int(counts.sum()) - len(groups)
    grand_mean = np.average(means, weights=counts)
    effect = np.sum(counts * (means - grand_mean) ** 2) / between
    error = np.sum((counts - 1) * variances) / within
    f = math.inf if error == 0 else float(effect / error)
    f = math.nan if effect == error == 0 else f
    return Anova(f, float(stats.f.sf(f, between, within)), between, within)


@dataclass(frozen=True)
class PairedComparison:
    """Runs of a method beside runs of a baseline with the same seeds.

    Args:
        difference: mean of method less baseline.
        interval: of the mean difference, 95 % by bootstrap; of few pairs it
            is too narrow.
        effect_size: the mean difference over the differences' deviation
            (Cohen's d_z).
        p: of the paired t-test; NaN where it can't be made.
        wilcoxon_p: of the signed-rank test; of n pairs at least 2 / 2ⁿ.
        count: of pairs.
    """

    difference: float
    interval: tuple[float, float]
    effect_size: float
    p: float
    wilcoxon_p: float
    count: int


def compare_pairs(
    values: Sequence[float], baseline: Sequence[float], seed: int = 0
) -> PairedComparison:
    """Compare values that belong together one by one.

    Args:
        values: of the method.
        baseline: of the baseline, in the same order.
        seed: of the bootstrap.

    Example:
    >>> compared = compare_pairs([3.0, 2.5, 3.5], [1.0, 1.5, 2.0])
    >>> compared.difference, compared.interval, round(compared.p, 3)
    (1.5, (1.0, 2.0), 0.035)
    """
    differences = np.subtract(values, baseline)
    moments = Moments.measure(differences.tolist())
    varies = moments.count > 1 and moments.deviation > 0
    interval = (moments.mean, moments.mean)
    if varies:
        interval = _bootstrap_mean(differences, seed)
    return PairedComparison(
        difference=moments.mean,
        interval=interval,
        effect_size=moments.mean / moments.deviation if varies else math.nan,
        p=float(stats.ttest_1samp(differences, 0).pvalue)
        if varies
        else math.nan,
        wilcoxon_p=float(stats.wilcoxon(differences).pvalue)
        if np.any(np.abs(differences) > NEGLIGIBLE)
        else math.nan,
        count=moments.count,
    )


def adjust_for_many(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust the p of several tests for there being several (Holm, 1979).

    NaN stays, and does not count as a test.

    Example:
    >>> adjust_for_many({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    tests = sorted((p, name) for name, p in p_values.items() if p == p)
    adjusted = dict(p_values)
    largest = 0.0
    for rank, (p, name) in enumerate(tests):
        largest = max(largest, min(1.0, p * (len(tests) - rank)))
        adjusted[name] = largest
    return adjusted


def _bootstrap_mean(differences: np.ndarray, seed: int) -> tuple[float, float]:
    found = stats.bootstrap(
        (differences,),
        np.mean,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)
