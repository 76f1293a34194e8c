"""The result table: the source, plain finetuning, and what was adapted."""

from collections.abc import Mapping
from typing import Any

PLAIN = "plain finetuning"
METHOD_TITLES = {"ntaa": "NTAA", "finetune": PLAIN}
# What may have been measured on the test split, by the title of its column.
MEASURES = {
    "test accuracy": "test_accuracy",
    "mAP": "test_map",
    "rank 1": "test_rank1",
    "mAP, re-ranked": "test_map_reranked",
    "rank 1, re-ranked": "test_rank1_reranked",
}
# The same of one attribute, after its name.
OF_ATTRIBUTES = {"": "_accuracy", ", a class off": "_one_off"}
COSTS = ("depth", "parameters", "MACs", "batch 1", "batch 32")
# What a person calls a score.
SCORES = {"accuracy": "accuracy", "map": "mAP"}
MISSING = "-"
KEPT = "Plain finetuning validates better: it is what is kept."


def format_table(metrics: Mapping[str, Any]) -> str:
    """Write the result table as aligned text for the terminal.

    Args:
        metrics: what `metrics.json` holds. The row of plain finetuning is
            there if it was run; what is missing elsewhere shows as a dash.

    Example:
    >>> print(format_table({"adapted": {"test_accuracy": 0.934, "depth": 9}}))
          test accuracy  depth  parameters  MACs  batch 1  batch 32
    NTAA         93.4 %      9           -     -        -         -
    """
    rows = [list_header(metrics), *list_rows(metrics)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(
                zip(row, widths, strict=True)
            )
        )
        for row in rows
    )


def list_header(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """List the titles of the table's columns."""
    return ("", *_list_measures(metrics), *COSTS)


def list_rows(metrics: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """List the rows of the table, formatted, below its header."""
    measures = _list_measures(metrics)
    return [
        (label, *_format_model(metrics[key], measures))
        for key, label in name_models(metrics).items()
    ]


def name_models(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Name the models that were measured, by their keys in the metrics."""
    method = metrics.get("method", "ntaa")
    adapted = METHOD_TITLES.get(method, method)
    if keeps_plain(metrics):
        adapted = f"kept: {PLAIN}"
    labels = {
        "source": "source",
        "baseline": PLAIN,
        "searched": "searched, not finetuned",
        "adapted": adapted,
    }
    return {key: label for key, label in labels.items() if key in metrics}


def keeps_plain(metrics: Mapping[str, Any]) -> bool:
    """Whether the guard kept plain finetuning, as it validates better."""
    return bool(metrics.get("guard", {}).get("kept") == "baseline")


def name_score(metrics: Mapping[str, Any]) -> str:
    """Name what models were judged by, as a person says it."""
    score = metrics.get("score", "accuracy")
    return SCORES.get(score, score)


def format_count(number: float | None) -> str:
    """Write a count with three digits and a unit.

    Example:
    >>> format_count(23_587_712)
    '23.6 M'
    """
    if number is None:
        return MISSING
    for unit in ("", " k", " M", " G"):
        if number < 999.5:
            return f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:,.3g} T"


def format_share(share: float | None) -> str:
    """Write a share between 0 and 1 in percent."""
    return MISSING if share is None else f"{100 * share:.1f} %"


def _list_measures(metrics: Mapping[str, Any]) -> dict[str, str]:
    """List the keys of what was measured, by the titles of their columns."""
    adapted = metrics.get("adapted", {})
    measured = {title: key for title, key in MEASURES.items() if key in adapted}
    for key in adapted:
        for words, ending in OF_ATTRIBUTES.items():
            name = key.removeprefix("test_").removesuffix(ending)
            if key == f"test_{name}{ending}":
                measured[f"{name}{words}"] = key
    return measured or dict([next(iter(MEASURES.items()))])


def _format_model(
    model: Mapping[str, Any], measures: Mapping[str, str]
) -> tuple[str, ...]:
    latency = model.get("latency_ms", {})
    return (
        *(format_share(model.get(key)) for key in measures.values()),
        str(model.get("depth", MISSING)),
        format_count(model.get("parameters")),
        format_count(model.get("macs")),
        _format_milliseconds(latency.get("1")),
        _format_milliseconds(latency.get("32")),
    )


def _format_milliseconds(duration: float | None) -> str:
    return MISSING if duration is None else f"{duration:,.1f} ms"
