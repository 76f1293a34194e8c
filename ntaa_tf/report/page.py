"""The HTML page of a run: one file that needs no network."""

import base64
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ntaa_tf.report.architecture_drawing import make_figure
from ntaa_tf.report.confusion import draw_confusion
from ntaa_tf.report.confusion import list_confused
from ntaa_tf.report.confusion import measure_classes
from ntaa_tf.report.curves import draw_curves
from ntaa_tf.report.facts import list_budget
from ntaa_tf.report.facts import list_checks
from ntaa_tf.report.facts import list_exports
from ntaa_tf.report.facts import list_judgements
from ntaa_tf.report.facts import list_seconds
from ntaa_tf.report.facts import list_versions
from ntaa_tf.report.heat_map import draw_probabilities
from ntaa_tf.report.ink import choose_colour
from ntaa_tf.report.ink import to_svg
from ntaa_tf.report.records import Confusion
from ntaa_tf.report.records import Records
from ntaa_tf.report.rendering import write_html
from ntaa_tf.report.table import MISSING
from ntaa_tf.report.table import find_adapted
from ntaa_tf.report.table import format_share
from ntaa_tf.report.table import list_header
from ntaa_tf.report.table import list_rows
from ntaa_tf.report.trade_off import draw_trade_off
from ntaa_tf.report.verdict import judge
from ntaa_tf.storage.run_metrics import RunMetrics

TEMPLATE = "run.html"
ARCHITECTURE_LABEL = "Architecture: the operation at every site"


def write_report(
    path: Path,
    title: str,
    recipe: Mapping[str, Any],
    metrics: RunMetrics,
    records: Records,
) -> None:
    """Write the page of a run as one HTML file.

    Args:
        path: the file to write.
        title: title of the page.
        recipe: value of every flag of the run.
        metrics: metrics of the run.
        records: curves, architecture and other records of the run. A section
            whose record is missing is left out.
    """
    verdict = judge(metrics)
    write_html(
        path,
        TEMPLATE,
        title=title,
        headline=verdict.sentence,
        warnings=verdict.warnings,
        results={
            "titles": list_header(metrics),
            "rows": list_rows(metrics),
            "adapted": find_adapted(metrics),
        },
        trade_off=draw_trade_off(metrics),
        checks=list_checks(metrics),
        budget=list_budget(metrics.budget),
        judgements=list_judgements(metrics),
        exports=list_exports(metrics.exports),
        failures=metrics.export_failures,
        command=records.command,
        stages=list_seconds(metrics.seconds),
        versions=list_versions(metrics),
        recipe=list(recipe.items()),
        **_show_records(records),
    )


def _show_records(records: Records) -> dict[str, Any]:
    """Return the template's variables for the records of a run."""
    architecture = records.architecture
    return {
        "curves": draw_curves(records.history),
        "heat_maps": draw_probabilities(records.probabilities, architecture),
        "confusions": [
            _show_confusion(name, confusion)
            for name, confusion in records.confusions.items()
        ],
        "answers": base64.b64encode(records.answers or b"").decode("ascii"),
        "mistakes": _show_mistakes(records.mistakes),
        "drawing": architecture.sites
        and to_svg(
            make_figure(architecture, records.operations), ARCHITECTURE_LABEL
        ),
        "sites": [
            {
                "name": name,
                "operation": records.operations.get(name, MISSING),
                "candidate": choice.candidate,
                "colour": choose_colour(choice.candidate),
                "reads": choice.reads,
            }
            for name, choice in architecture.sites.items()
        ],
    }


def _show_mistakes(
    mistakes: Sequence[Mapping[str, Any]],
) -> list[dict[str, str]]:
    """Return the texts of each mistake; labels are named if there are two."""
    labels = {each["label"] for each in mistakes}
    return [
        {
            "label": each["label"] if len(labels) > 1 else "",
            "truth": each["truth"],
            "answer": each["answer"],
            "probability": format_share(each["probability"]),
            "picture": each["picture"],
        }
        for each in mistakes
    ]


def _show_confusion(name: str, confusion: Confusion) -> dict[str, Any]:
    """Return the matrix of one attribute, if it is small, and a list."""
    classes = confusion["classes"]
    return {
        "name": name,
        "matrix": draw_confusion(name, confusion),
        "shares": [
            (name, f"{images:,}", *map(format_share, shares))
            for name, images, shares in measure_classes(confusion)
        ],
        "pairs": [
            (classes[true], classes[predicted], f"{count:,} of {total:,}")
            for true, predicted, count, total in list_confused(confusion)
        ],
    }
