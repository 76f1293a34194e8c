"""The results of runs as tables, and their statistical tests in words."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from typing import cast

from ntaa_tf.compare.statistics import SIGNIFICANCE
from ntaa_tf.compare.statistics import Anova
from ntaa_tf.compare.statistics import Moments
from ntaa_tf.compare.statistics import PairedComparison
from ntaa_tf.compare.statistics import adjust_for_many
from ntaa_tf.compare.statistics import analyse_variance
from ntaa_tf.compare.statistics import compare_pairs
from ntaa_tf.storage.run_metrics import RunMetrics

ERROR = "test error, %"
COLUMNS = {
    ERROR: 1.0,
    "depth": 1.0,
    "parameters, k": 1e-3,
    "MACs, M": 1e-6,
    "batch 1, ms": 1.0,
    "search, s": 1.0,
    "training, s": 1.0,
}

# Further scores of retrieval, whose error is 100 − mAP.
RETRIEVAL_COLUMNS = {
    "mAP, %": "map",
    "rank 1, %": "rank1",
    "rank 5, %": "rank5",
    "rank 10, %": "rank10",
    "re-ranked mAP, %": "map_reranked",
    "re-ranked rank 1, %": "rank1_reranked",
}

# Endings of the names of attribute scores, and of their columns.
ATTRIBUTE_COLUMNS = {"_accuracy": ", %", "_one_off": " 1-off, %"}

# Pretraining of a supernet without labels, once for all tasks that share it.
SUPERNET = "supernet, s"

# The stages that make up the training time. The time of `tune` is that of the
# trainings that were not kept.
TRAINING = ("tune", "transfer", "finetune")

# For each contestant, by its name, the columns of each run, by its seed.
Table = Mapping[str, Mapping[int, Mapping[str, float]]]


def read_columns(metrics: RunMetrics) -> dict[str, float]:
    """Return the columns of one run.

    Args:
        metrics: metrics of the run.

    Raises:
        ValueError: if the adapted model has no costs or no test error.
    """
    adapted, seconds = metrics.adapted, metrics.seconds
    costs, error = adapted.costs, adapted.test_error
    if costs is None or error is None:
        raise ValueError("The metrics lack the adapted model's costs or error.")
    values = (
        error,
        costs.depth,
        costs.parameters,
        costs.macs,
        costs.latency_ms["1"],
        seconds.get("search", 0.0),
        sum(seconds.get(name, 0.0) for name in TRAINING),
    )
    columns = {
        column: scale * value
        for (column, scale), value in zip(COLUMNS.items(), values, strict=True)
    }
    if "supernet" in seconds:
        columns[SUPERNET] = seconds["supernet"]
    columns |= {
        column: 100 * adapted.test[name]
        for column, name in RETRIEVAL_COLUMNS.items()
        if name in adapted.test
    }
    return columns | _read_attributes(adapted.test)


def _read_attributes(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the accuracies of single attributes in percent."""
    return {
        name.removesuffix(ending) + words: 100 * score
        for name, score in scores.items()
        for ending, words in ATTRIBUTE_COLUMNS.items()
        if name.endswith(ending)
    }


def list_columns(table: Table) -> list[str]:
    """List the columns that all runs have; the supernet's if any run has it."""
    runs = [columns for seeds in table.values() for columns in seeds.values()]
    listed = [
        column
        for column in runs[0]
        if column != SUPERNET and all(column in columns for columns in runs)
    ]
    has_supernet = any(SUPERNET in columns for columns in runs)
    return [*listed, SUPERNET] if has_supernet else listed


def describe_runs(table: Table) -> list[tuple[str, ...]]:
    """Format a row for each contestant: mean ± sample standard deviation."""
    columns = list_columns(table)
    return [
        (
            name,
            str(len(runs)),
            *(describe(list(runs.values()), column) for column in columns),
        )
        for name, runs in table.items()
    ]


def describe(runs: Sequence[Mapping[str, float]], column: str) -> str:
    """Format the mean of a column and its sample standard deviation."""
    moments = Moments.measure([columns.get(column, 0.0) for columns in runs])
    mean = _round(moments.mean, 4)
    if not moments.deviation > 0:
        return mean
    return f"{mean} ± {_round(moments.deviation, 2)}"


def _round(number: float, digits: int) -> str:
    """Format with so many digits, but never drop digits before the point."""
    if abs(number) < 10 ** (digits - 1):
        return f"{number:.{digits}g}"
    return f"{number:,.0f}"


def analyse(table: Table) -> Anova | None:
    """Test whether all mean errors are equal; None with too few runs."""
    groups = [
        [columns[ERROR] for columns in runs.values()] for runs in table.values()
    ]
    many = len(groups) > 1 and all(len(group) > 1 for group in groups)
    return analyse_variance(groups) if many else None


def compare(table: Table, against: str) -> dict[str, PairedComparison]:
    """Compare the errors of each contestant with those of one, by seed."""
    compared = {}
    for name, runs in table.items():
        shared = sorted(set(runs) & set(table[against]))
        if name != against and shared:
            compared[name] = compare_pairs(
                [runs[seed][ERROR] for seed in shared],
                [table[against][seed][ERROR] for seed in shared],
            )
    return compared


def list_comparisons(
    compared: Mapping[str, PairedComparison],
) -> list[tuple[str, ...]]:
    """Format a row for each comparison."""
    adjusted = adjust_for_many({name: c.p for name, c in compared.items()})
    return [
        (
            name,
            f"{found.difference:+.2f}",
            f"{found.interval[0]:+.2f} to {found.interval[1]:+.2f}",
            _format_number(found.effect_size),
            _format_number(found.p, 4),
            _format_number(adjusted[name], 4),
            _format_number(found.wilcoxon_p, 4),
        )
        for name, found in compared.items()
    ]


def write_sentences(
    table: Table, against: str, compared: Mapping[str, PairedComparison]
) -> list[str]:
    """Describe in words which differences are significant."""
    sentences = []
    anova = analyse(table)
    if anova is not None and not math.isnan(anova.p):
        verdict = "differ" if anova.p < SIGNIFICANCE else "do not differ"
        sentences.append(
            f"One-way analysis of variance: F({anova.between}, {anova.within})"
            f" = {_format_number(anova.f)}, p = {_format_number(anova.p, 4)}: "
            f"the mean errors {verdict} significantly at the {SIGNIFICANCE} "
            "level."
        )
    adjusted = adjust_for_many({name: c.p for name, c in compared.items()})
    for name, found in compared.items():
        sentences.append(_write_sentence(name, against, found, adjusted[name]))
    return sentences


def to_json(
    table: Table, against: str, compared: Mapping[str, PairedComparison]
) -> dict[str, Any]:
    """Return the results and their tests as JSON data."""
    anova = analyse(table)
    kept = {
        "runs": {name: dict(runs) for name, runs in table.items()},
        "anova": asdict(anova) if anova else None,
        "against": against,
        "comparisons": {name: asdict(c) for name, c in compared.items()},
        "adjusted_p": adjust_for_many({n: c.p for n, c in compared.items()}),
    }
    return cast(dict[str, Any], _replace_missing(kept))


def _replace_missing(data: Any) -> Any:
    """Replace NaN and infinity, which JSON lacks, by None."""
    if isinstance(data, Mapping):
        return {
            str(key): _replace_missing(value) for key, value in data.items()
        }
    if isinstance(data, (list, tuple)):
        return [_replace_missing(value) for value in data]
    missing = isinstance(data, float) and not math.isfinite(data)
    return None if missing else data


def _write_sentence(
    name: str, against: str, found: PairedComparison, adjusted: float
) -> str:
    size = f"{abs(found.difference):.2f} points"
    word = "lower" if found.difference < 0 else "higher"
    how = f"error {size} {word}" if found.difference else "equal mean errors"
    if adjusted != adjusted:
        pairs = (
            f"{found.count} pairs of runs that do not vary"
            if found.count > 1
            else "one pair of runs"
        )
        return (
            f"{name} against {against}: {how}. It can't be tested with {pairs}."
        )
    tested = (
        f"p = {_format_number(adjusted, 4)} after Holm, {found.count} pairs"
    )
    if adjusted < SIGNIFICANCE:
        return (
            f"{name}: error significantly {word} than that of {against}, by "
            f"{size} ({tested})."
        )
    return (
        f"{name}: no significant difference from {against}; {how} ({tested})."
    )


def _format_number(value: float, digits: int = 2) -> str:
    return "-" if value != value else f"{value:.{digits}g}"
