"""Paired comparison of two models by their scores of the same examples."""

import numpy as np
from scipy import stats

from ntaa_tf.storage.metric_records import PairedDifference

CONFIDENCE = 0.95
RESAMPLES = 9999


def compare_scores(
    first: np.ndarray,
    second: np.ndarray,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> PairedDifference:
    """Compare the scores of two models on the same examples.

    Scores of 0 and 1 are compared by McNemar's exact test, with the interval of
    Agresti and Min. Others are compared by a bootstrap and a permutation of
    whole groups, because the queries of one identity are alike.

    Args:
        first: score of each example by the first model (examples,).
        second: score of each example by the second model (examples,).
        groups: a number for each example; equal numbers belong together. By
            default each example is a group of its own.
        seed: random seed of the resampling.

    Raises:
        ValueError: if there are no examples, or not the same number.

    Source: Agresti and Min, "Simple improved confidence intervals for comparing
    matched proportions".

    Example:
    >>> right = np.array([1, 1, 1, 1, 0, 1, 1, 1, 0, 1])
    >>> found = compare_scores(right, 0 * right)
    >>> found.difference, round(found.p, 4), found.low > 0
    (0.8, 0.0078, True)
    """
    if len(first) != len(second) or len(first) == 0:
        raise ValueError(
            "Expected as many scores of both models, at least one. Received: "
            f"{len(first)} and {len(second)}."
        )
    first, second = (np.asarray(s, "float64") for s in (first, second))
    is_binary = all(np.isin(scores, (0, 1)).all() for scores in (first, second))
    if is_binary and groups is None:
        return _compare_answers(first - second)
    return _compare_groups(first - second, groups, np.random.default_rng(seed))


def measure_interval(num_right: int, num_examples: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of right answers.

    Args:
        num_right: number of right answers.
        num_examples: number of all answers, at least 1.

    Source: Wilson, "Probable inference, the law of succession, and statistical
    inference".

    Example:
    >>> low, high = measure_interval(90, 100)
    >>> round(low, 3), round(high, 3)
    (0.826, 0.945)
    """
    found = stats.binomtest(num_right, num_examples).proportion_ci(
        CONFIDENCE, "wilson"
    )
    return float(found.low), float(found.high)


def _compare_answers(differences: np.ndarray) -> PairedDifference:
    """Compare answers that are right or wrong.

    Args:
        differences: 1, 0 or -1 for each example.
    """
    better, worse = (int(np.sum(differences == sign)) for sign in (1, -1))
    count, unequal = len(differences), better + worse
    p = stats.binomtest(better, unequal).pvalue if unequal else 1.0
    # Half an example more in each cell, so that the interval of two models
    # that answer alike is not a point.
    total, spread = count + 2, unequal + 1
    center = (better - worse) / total
    error = np.sqrt(spread - (better - worse) ** 2 / total) / total
    reach = stats.norm.ppf((1 + CONFIDENCE) / 2) * error
    return PairedDifference(
        difference=float(differences.mean()),
        low=max(float(center - reach), -1.0),
        high=min(float(center + reach), 1.0),
        standard_error=float(error),
        p=float(p),
        examples=count,
    )


def _compare_groups(
    differences: np.ndarray,
    groups: np.ndarray | None,
    rng: np.random.Generator,
) -> PairedDifference:
    """Compare scores by resampling groups, and by exchanging the models."""
    count = len(differences)
    numbers = np.arange(count) if groups is None else np.asarray(groups)
    _, numbers = np.unique(numbers, return_inverse=True)
    sums, sizes = np.bincount(numbers, differences), np.bincount(numbers)
    found = float(differences.mean())
    resampled, exchanged = [], []
    # One at a time: all of them would not fit in memory with many groups.
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(sums), size=len(sums))
        resampled.append(sums[drawn].sum() / sizes[drawn].sum())
        exchanged.append(sums @ rng.choice((-1, 1), len(sums)) / count)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, (tail, 1 - tail))
    # The slack keeps rounding from making equal sums unequal.
    extreme = np.abs(exchanged) >= abs(found) - 1e-12
    return PairedDifference(
        difference=found,
        low=float(low),
        high=float(high),
        standard_error=float(np.std(resampled)),
        p=float((1 + np.sum(extreme)) / (1 + RESAMPLES)),
        examples=count,
    )
