"""What runs measured, and whether it differs, as tables and words."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from typing import cast

from comparisons.statistics import SIGNIFICANCE
from comparisons.statistics import Anova
from comparisons.statistics import Moments
from comparisons.statistics import PairedComparison
from comparisons.statistics import adjust_for_many
from comparisons.statistics import analyse_variance
from comparisons.statistics import compare_pairs

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

# What retrieval measures beside its error, which is 100 − mAP.
RETRIEVAL_COLUMNS = {
    "mAP, %": "test_map",
    "rank 1, %": "test_rank1",
    "re-ranked mAP, %": "test_map_reranked",
    "re-ranked rank 1, %": "test_rank1_reranked",
}

# What is measured of each attribute, after its name.
ATTRIBUTE_COLUMNS = {"_accuracy": ", %", "_one_off": " 1-off, %"}

# Of a supernet that learns without labels, once for all tasks that share it.
SUPERNET = "supernet, s"

# The stages whose seconds are those of training; tuning has those of the runs
# that were not kept.
TRAINING = ("tune", "pretrain", "finetune")

# For each contestant, by its name, the columns of each run, by its seed.
Table = Mapping[str, Mapping[int, Mapping[str, float]]]


def read_columns(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Give the columns of one run.

    Args:
        metrics: what its `metrics.json` holds.
    """
    adapted, seconds = metrics["adapted"], metrics["seconds"]
    values = (
        adapted["test_error"],
        adapted["depth"],
        adapted["parameters"],
        adapted["macs"],
        adapted["latency_ms"]["1"],
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
        column: 100 * adapted[name]
        for column, name in RETRIEVAL_COLUMNS.items()
        if name in adapted
    }
    return columns | _read_attributes(adapted)


def _read_attributes(adapted: Mapping[str, Any]) -> dict[str, float]:
    """Give the accuracies of single attributes."""
    return {
        key.removeprefix("test_").removesuffix(ending) + words: 100 * value
        for key, value in adapted.items()
        for ending, words in ATTRIBUTE_COLUMNS.items()
        if key.startswith("test_")
        and key.endswith(ending)
        and key != f"test{ending}"
    }


def list_columns(table: Table) -> list[str]:
    """List the columns that all runs have, and that of a supernet if any."""
    runs = [columns for of in table.values() for columns in of.values()]
    listed = [
        column
        for column in runs[0]
        if column != SUPERNET and all(column in columns for columns in runs)
    ]
    has_supernet = any(SUPERNET in columns for columns in runs)
    return [*listed, SUPERNET] if has_supernet else listed


def describe_runs(table: Table) -> list[tuple[str, ...]]:
    """Give a row for each contestant: mean ± sample standard deviation."""
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
    """Write the mean of a column and its sample standard deviation."""
    moments = Moments.measure([columns.get(column, 0.0) for columns in runs])
    mean = _round(moments.mean, 4)
    if not moments.deviation > 0:
        return mean
    return f"{mean} ± {_round(moments.deviation, 2)}"


def _round(number: float, digits: int) -> str:
    """Write so many digits, and all of those before the point."""
    if abs(number) < 10 ** (digits - 1):
        return f"{number:.{digits}g}"
    return f"{number:,.0f}"


def analyse(table: Table) -> Anova | None:
    """Ask whether all have one mean error; None with less than two runs."""
    groups = [
        Moments.measure([columns[ERROR] for columns in runs.values()])
        for runs in table.values()
    ]
    many = len(groups) > 1 and all(group.count > 1 for group in groups)
    return analyse_variance(groups) if many else None


def compare(table: Table, against: str) -> dict[str, PairedComparison]:
    """Compare the errors of all others with those of one, seed by seed."""
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
    """Give a row for each comparison."""
    adjusted = adjust_for_many({name: c.p for name, c in compared.items()})
    return [
        (
            name,
            f"{found.difference:+.2f}",
            f"{found.interval[0]:+.2f} to {found.interval[1]:+.2f}",
            _number(found.effect_size),
            _number(found.p, 4),
            _number(adjusted[name], 4),
            _number(found.wilcoxon_p, 4),
        )
        for name, found in compared.items()
    ]


def say(
    table: Table, against: str, compared: Mapping[str, PairedComparison]
) -> list[str]:
    """Say in words what differs significantly, and what does not."""
    sentences = []
    anova = analyse(table)
    if anova is not None and not math.isnan(anova.p):
        verdict = "differ" if anova.p < SIGNIFICANCE else "do not differ"
        sentences.append(
            f"One-way analysis of variance: F({anova.between}, {anova.within})"
            f" = {_number(anova.f)}, p = {_number(anova.p, 4)}: at "
            f"{SIGNIFICANCE} the mean errors {verdict} significantly."
        )
    adjusted = adjust_for_many({name: c.p for name, c in compared.items()})
    for name, found in compared.items():
        sentences.append(_say_one(name, against, found, adjusted[name]))
    return sentences


def to_json(
    table: Table, against: str, compared: Mapping[str, PairedComparison]
) -> dict[str, Any]:
    """Give all of it as what JSON can hold."""
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
    """Put None where there is no number: JSON has no NaN, no infinity."""
    if isinstance(data, Mapping):
        return {
            str(key): _replace_missing(value) for key, value in data.items()
        }
    if isinstance(data, (list, tuple)):
        return [_replace_missing(value) for value in data]
    missing = isinstance(data, float) and not math.isfinite(data)
    return None if missing else data


def _say_one(
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
            f"{name} against {against}: {how}; {pairs} can't tell whether by "
            "chance."
        )
    tested = f"p = {_number(adjusted, 4)} after Holm, {found.count} pairs"
    if adjusted < SIGNIFICANCE:
        return (
            f"{name}: error significantly {word} than {against}, by {size} "
            f"({tested})."
        )
    return (
        f"{name}: no significant difference from {against}; {how} ({tested})."
    )


def _number(value: float, digits: int = 2) -> str:
    return "-" if value != value else f"{value:.{digits}g}"
