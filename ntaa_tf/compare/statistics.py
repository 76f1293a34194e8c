"""Statistical tests: analysis of variance and paired comparisons."""

import math
import warnings
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

SIGNIFICANCE = 0.05
RESAMPLES = 9999
# A smaller standard deviation, in percent, comes from rounding: accuracies are
# computed in single precision.
NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation of several runs.

    Args:
        mean: mean.
        deviation: sample standard deviation; NaN for one run.
        count: number of runs.
    """

    mean: float
    deviation: float
    count: int

    @classmethod
    def measure(cls, values: Sequence[float]) -> "Moments":
        """Compute the moments of some values.

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
        f: mean square between the groups over the mean square within them.
        p: probability of an F at least as large if all means are equal.
        between: degrees of freedom between the groups.
        within: degrees of freedom within the groups.
    """

    f: float
    p: float
    between: int
    within: int


def analyse_variance(groups: Sequence[Sequence[float]]) -> Anova:
    """Test whether groups of runs have the same mean.

    Args:
        groups: at least two groups, each with at least two runs.

    Returns:
        The analysis. Groups without any variance have an infinite F if their
        means differ, and NaN otherwise.

    Source: NTAA, table VIII.

    Example:
    >>> found = analyse_variance([[26.0, 26.8], [28.0, 28.8]])
    >>> round(found.f, 2), round(found.p, 3)
    (12.5, 0.072)
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        found = stats.f_oneway(*map(_remove_rounding, groups))
    return Anova(
        float(found.statistic),
        float(found.pvalue),
        between=len(groups) - 1,
        within=sum(map(len, groups)) - len(groups),
    )


def _remove_rounding(values: Sequence[float]) -> Sequence[float]:
    """Replace values that differ only by rounding by their mean."""
    moments = Moments.measure(values)
    return values if moments.deviation else [moments.mean] * moments.count


@dataclass(frozen=True)
class PairedComparison:
    """Runs of a method compared with a baseline's runs of the same seeds.

    Args:
        difference: mean of the method minus mean of the baseline.
        interval: 95 % bootstrap interval of the mean difference; for few pairs
            it is too narrow.
        effect_size: mean difference over the standard deviation of the
            differences (Cohen's d_z).
        p: p of the paired t-test; NaN if the differences do not vary.
        wilcoxon_p: p of the signed-rank test; for n pairs at least 2 / 2ⁿ.
        count: number of pairs.
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
    """Compare paired values.

    Args:
        values: values of the method.
        baseline: values of the baseline, in the same order.
        seed: random seed of the bootstrap.

    Example:
    >>> compared = compare_pairs([3.0, 2.5, 3.5], [1.0, 1.5, 2.0])
    >>> compared.difference, compared.interval, round(compared.p, 3)
    (1.5, (1.0, 2.0), 0.035)
    """
    differences = np.subtract(values, baseline)
    moments = Moments.measure(differences.tolist())
    varies = moments.count > 1 and moments.deviation > 0
    differs = bool(np.any(np.abs(differences) > NEGLIGIBLE))
    mean, nan = moments.mean, math.nan
    return PairedComparison(
        difference=mean,
        interval=_bootstrap_mean(differences, seed) if varies else (mean, mean),
        effect_size=mean / moments.deviation if varies else nan,
        p=float(stats.ttest_rel(values, baseline).pvalue) if varies else nan,
        wilcoxon_p=float(stats.wilcoxon(differences).pvalue)
        if differs
        else nan,
        count=moments.count,
    )


def adjust_for_many(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust the p of several tests by the method of Holm (1979).

    NaN stays NaN and does not count as a test.

    Example:
    >>> adjust_for_many({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    # SciPy lacks Holm's method, and statsmodels would bring pandas along.
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
