"""The result table: the source, plain finetuning, and the adapted model."""

import io
import shutil
import sys
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ntaa_tf.storage.metric_records import ModelMetrics
from ntaa_tf.storage.run_metrics import BASELINE
from ntaa_tf.storage.run_metrics import RunMetrics

PLAIN = "plain finetuning"
METHOD_TITLES = {"ntaa": "NTAA", "finetune": PLAIN}
WITH_TEACHER = ", with a teacher"
# Test scores by column title.
MEASURES = {
    "test accuracy": "accuracy",
    "mAP": "map",
    "rank 1": "rank1",
    "rank 5": "rank5",
    "rank 10": "rank10",
    "mAP, re-ranked": "map_reranked",
    "rank 1, re-ranked": "rank1_reranked",
}
# Scores of a single attribute: words of the title after the attribute's name,
# and ending of the score's name.
ATTRIBUTE_MEASURES = {"": "_accuracy", ", a class off": "_one_off"}
COSTS = ("depth", "parameters", "MACs", "batch 1", "batch 32")
SCORE_NAMES = {"map": "mAP"}
MISSING = "-"
HANDED_OVER = " (handed over)"
GAP = 2  # Spaces between two columns.


def format_table(metrics: RunMetrics) -> str:
    """Format the result table as aligned plain text.

    Args:
        metrics: metrics of the run. Missing values are shown as a dash.
    """
    return align_table(list_header(metrics), list_rows(metrics))


def align_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align a table as plain text, all columns but the first to the right.

    In a terminal that is too narrow, titles are folded. Values never are: each
    stays on the line of its model.

    Args:
        titles: title of each column.
        rows: the values.

    Example:
    >>> print(align_table(("", "depth"), [("source", "8"), ("NTAA", "12")]))
            depth
    source      8
    NTAA       12
    """
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    least = 0
    for index, (title, *values) in enumerate(zip(titles, *rows, strict=True)):
        # A title is folded between words only: none is cut off.
        widest = max(map(cell_len, [*values, *title.split()]), default=0)
        least += widest + GAP
        table.add_column(
            Text(title),
            justify="right" if index else "left",
            vertical="bottom",
            min_width=widest,
            no_wrap=cell_len(title) <= widest,
        )
    for row in rows:
        table.add_row(*map(Text, row))
    written = io.StringIO()
    width = max(_find_width(), least)
    console = Console(
        file=written, width=width, color_system=None, force_jupyter=False
    )
    console.print(table, crop=False)
    lines = written.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines)


def list_header(metrics: RunMetrics) -> tuple[str, ...]:
    """List the titles of the table's columns."""
    return ("", *_list_measures(metrics), *COSTS)


def list_rows(metrics: RunMetrics) -> list[tuple[str, ...]]:
    """List the rows of the table, formatted: one for each model."""
    measures = _list_measures(metrics)
    models = metrics.models
    return [
        (label, *_format_model(models[key], list(measures.values())))
        for key, label in name_models(metrics).items()
    ]


def name_models(metrics: RunMetrics) -> dict[str, str]:
    """Name the models that were measured, by their keys in the metrics."""
    labels = {
        "source": "source",
        BASELINE: PLAIN,
        "collapsed": "searched, not finetuned",
        "searched": name_method(metrics),
        "adapted": name_method(metrics),
    }
    if metrics.hand_over is not None:
        labels[metrics.hand_over.handed_over] += HANDED_OVER
    return {key: labels[key] for key in metrics.models}


def name_method(metrics: RunMetrics) -> str:
    """Return the name of the method's network, as a person writes it."""
    name = METHOD_TITLES.get(metrics.method, metrics.method)
    return name + (WITH_TEACHER if metrics.teacher is not None else "")


def find_adapted(metrics: RunMetrics) -> int:
    """Return the row of the network that is handed over."""
    choice = metrics.hand_over
    key = "adapted" if choice is None else choice.handed_over
    return list(metrics.models).index(key)


def name_score(metrics: RunMetrics) -> str:
    """Return the name of the main score, as a person writes it."""
    return SCORE_NAMES.get(metrics.score, metrics.score)


def format_count(number: float | None) -> str:
    """Format a count with three digits and a unit.

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
    """Format a share between 0 and 1 in percent."""
    return MISSING if share is None else f"{100 * share:.1f} %"


def format_milliseconds(duration: float | None, digits: int = 1) -> str:
    """Format a duration in milliseconds."""
    return MISSING if duration is None else f"{duration:,.{digits}f} ms"


def _find_width() -> int:
    """Return the columns of the terminal; a file or a pipe has no limit."""
    if not sys.stdout.isatty():
        return sys.maxsize
    return shutil.get_terminal_size().columns


def _list_measures(metrics: RunMetrics) -> dict[str, str]:
    """List the test scores of the adapted model by column title."""
    test = metrics.adapted.test
    measured = {title: name for title, name in MEASURES.items() if name in test}
    for name in test:
        for words, ending in ATTRIBUTE_MEASURES.items():
            if name.endswith(ending):
                measured[name.removesuffix(ending) + words] = name
    return measured or dict([next(iter(MEASURES.items()))])


def _format_model(model: ModelMetrics, scores: list[str]) -> tuple[str, ...]:
    shares = [format_share(model.test.get(score)) for score in scores]
    costs = model.costs
    if costs is None:
        return (*shares, *(MISSING for _ in COSTS))
    return (
        *shares,
        str(costs.depth),
        format_count(costs.parameters),
        format_count(costs.macs),
        format_milliseconds(costs.latency_ms.get("1")),
        format_milliseconds(costs.latency_ms.get("32")),
    )
