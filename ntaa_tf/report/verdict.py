"""The verdict on a run: what its test images say, in words."""

import math

from ntaa_tf.metrics import measure_interval
from ntaa_tf.report.table import PLAIN
from ntaa_tf.report.table import format_share
from ntaa_tf.report.table import name_method
from ntaa_tf.report.table import name_score
from ntaa_tf.storage.metric_records import DataFacts
from ntaa_tf.storage.metric_records import ModelMetrics
from ntaa_tf.storage.metric_records import PairedDifference
from ntaa_tf.storage.metric_records import Verdict
from ntaa_tf.storage.run_metrics import BASELINE
from ntaa_tf.storage.run_metrics import RunMetrics

SIGNIFICANCE = 0.05
BETTER, NO_DIFFERENT, WORSE = "better", "no different", "worse"
FEW_VALIDATION_IMAGES = 100
COSTLY_POINTS = 2.0  # Of a limit.
FAR_APART = 3.0  # Standard errors between validation and test.


def judge(metrics: RunMetrics) -> Verdict:
    """Compare the network of a run with plain finetuning, in words.

    Args:
        metrics: metrics of the run.
    """
    difference = metrics.difference
    if difference is None or metrics.searched is None:
        sentence = f"{_tell_score(metrics, metrics.adapted)}."
        return Verdict(sentence, tuple(_list_warnings(metrics)))
    outcome = find_outcome(difference)
    sentence = (
        f"{_tell_score(metrics, metrics.searched)}: {outcome} "
        f"{'from' if outcome == NO_DIFFERENT else 'than'} {PLAIN} "
        f"({format_difference(difference)}). {_tell_costs(metrics)}"
        f"{_tell_choice(metrics)}"
    )
    warnings = tuple(_list_warnings(metrics))
    return Verdict(sentence, warnings, outcome=outcome)


def find_outcome(difference: PairedDifference) -> str:
    """Return whether a difference is better, worse, or by chance.

    Example:
    >>> find_outcome(PairedDifference(0.01, -0.01, 0.03, 0.01, 0.4, 372))
    'no different'
    """
    if difference.p >= SIGNIFICANCE:
        return NO_DIFFERENT
    return BETTER if difference.difference > 0 else WORSE


def format_difference(difference: PairedDifference) -> str:
    """Format a difference in points, with its interval and p.

    Example:
    >>> format_difference(PairedDifference(0.01, -0.01, 0.03, 0.01, 0.4, 372))
    '+1.0 points, 95 % from -1.0 to +3.0, p 0.4'
    """
    points, low, high = (
        f"{100 * share:+.1f}"
        for share in (difference.difference, difference.low, difference.high)
    )
    p = f"{difference.p:.2g}" if difference.p >= 0.001 else "below 0.001"
    return f"{points} points, 95 % from {low} to {high}, p {p}"


def _tell_score(metrics: RunMetrics, model: ModelMetrics) -> str:
    """Tell the test score of the method's network, with its interval."""
    score = model.test.get(metrics.score)
    told = f"{name_method(metrics)}: {format_share(score)} test "
    told += name_score(metrics)
    data = metrics.data
    if score is None or data is None:
        return told
    count = f"{data.test_images:,}"
    if data.largest_class is None:
        return f"{told} on {count} test {_name_examples(metrics)}"
    right = round(score * data.test_images)
    low, high = measure_interval(right, data.test_images)
    interval = f"{100 * low:.1f} to {100 * high:.1f}"
    return f"{told} (95 %: {interval}) on {count} test images"


def _tell_costs(metrics: RunMetrics) -> str:
    """Tell the costs of the method's network, relative to the baseline's."""
    ours = metrics.searched and metrics.searched.costs
    plain = metrics.baseline and metrics.baseline.costs
    if not (ours and plain):
        return ""
    latency = ours.latency_ms["1"] / plain.latency_ms["1"]
    return (
        f"It has {ours.macs / plain.macs:.2f} of the MACs of {PLAIN}, "
        f"{latency:.2f} of the latency, and depth {ours.depth} instead of "
        f"{plain.depth}. "
    )


def _tell_choice(metrics: RunMetrics) -> str:
    choice = metrics.hand_over
    if choice is None:
        return ""
    network = PLAIN if choice.handed_over == BASELINE else name_method(metrics)
    told = f"Handed over: {network}, because {choice.reason}"
    if not choice.is_measured:
        return f"{told}."
    return (
        f"{told} on {choice.difference.examples:,} {choice.split} "
        f"{_name_examples(metrics)} ({format_difference(choice.difference)})."
    )


def _name_examples(metrics: RunMetrics) -> str:
    """Return what one score is of: an image, or a query of retrieval."""
    return "queries" if metrics.score == "map" else "images"


def _list_warnings(metrics: RunMetrics) -> list[str]:
    """List the reasons for doubt, in words."""
    found = [
        _doubt_search(metrics),
        _doubt_choice(metrics),
        _doubt_limit(metrics),
    ]
    if metrics.data is not None:
        found += [
            _doubt_learning(metrics, metrics.data),
            _doubt_validation(metrics, metrics.data),
        ]
    return [warning for warning in found if warning]


def _doubt_search(metrics: RunMetrics) -> str:
    if metrics.search_left_out is None:
        return ""
    return f"No operation was searched: {metrics.search_left_out}."


def _doubt_learning(metrics: RunMetrics, data: DataFacts) -> str:
    accuracy = metrics.adapted.test.get(metrics.score)
    if accuracy is None or data.largest_class is None:
        return ""
    right = round(accuracy * data.test_images)
    low, _ = measure_interval(right, data.test_images)
    if low > data.largest_class:
        return ""
    return (
        "The accuracy is not above the share of the largest class, "
        f"{format_share(data.largest_class)}, beyond chance: the network has "
        "hardly learnt."
    )


def _doubt_choice(metrics: RunMetrics) -> str:
    choice = metrics.hand_over
    if choice is None or not choice.is_measured:
        return ""
    count = choice.difference.examples
    if count >= FEW_VALIDATION_IMAGES:
        return ""
    examples = f"{count} {choice.split} {_name_examples(metrics)}"
    return (
        f"The choice rests on {examples}; fewer than "
        f"{FEW_VALIDATION_IMAGES} can hardly tell two networks apart. Hold out "
        "more."
    )


def _doubt_limit(metrics: RunMetrics) -> str:
    if not metrics.budget or metrics.difference is None:
        return ""
    lost = -100 * metrics.difference.difference
    if lost <= COSTLY_POINTS or find_outcome(metrics.difference) != WORSE:
        return ""
    return (
        f"The limits cost {lost:.1f} points. Raise them, or finetune the "
        "source with smaller images."
    )


def _doubt_validation(metrics: RunMetrics, data: DataFacts) -> str:
    """Doubt a validation split that is far from the test split."""
    test = metrics.adapted.test.get(metrics.score)
    validation = metrics.adapted.validation.get(metrics.score)
    if test is None or validation is None or data.largest_class is None:
        return ""
    pooled = (test + validation) / 2
    spread = pooled * (1 - pooled)
    error = math.sqrt(
        spread / data.test_images + spread / data.validation_images
    )
    if abs(test - validation) <= FAR_APART * error:
        return ""
    return (
        f"Validation ({format_share(validation)}) and test "
        f"({format_share(test)}) are far apart: their images may be of "
        "different kinds."
    )
