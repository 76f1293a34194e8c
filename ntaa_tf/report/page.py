"""The page of a run: one file, no network, for a person to look at."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ntaa_tf.report import pictures
from ntaa_tf.report import sections
from ntaa_tf.report.exports import show_exports
from ntaa_tf.report.markup import write_document
from ntaa_tf.report.records import Records
from ntaa_tf.report.table import KEPT
from ntaa_tf.report.table import MISSING
from ntaa_tf.report.table import format_count
from ntaa_tf.report.table import format_share
from ntaa_tf.report.table import keeps_plain
from ntaa_tf.report.table import name_score


def write_report(
    path: Path,
    title: str,
    recipe: Mapping[str, Any],
    metrics: Mapping[str, Any],
    records: Records,
) -> None:
    """Write the page of a run as one HTML file.

    Args:
        path: the file to write.
        title: of the page.
        recipe: the value of every flag of the run.
        metrics: what `metrics.json` holds; what is missing is left out.
        records: what else the run left.
    """
    body = "\n".join(
        (
            f"<h1>{html.escape(title)}</h1>",
            f'<p class="headline">{html.escape(_summarize(metrics))}</p>',
            sections.show_results(metrics),
            pictures.show_curves(records.history),
            pictures.show_probabilities(
                records.probabilities, records.architecture
            ),
            pictures.show_confusions(records.confusions),
            pictures.show_answers(records.answers),
            pictures.show_architecture(
                records.architecture, records.operations
            ),
            show_exports(metrics.get("exports", {})),
            sections.show_run(recipe, metrics, records),
        )
    )
    write_document(path, title, body)


def _summarize(metrics: Mapping[str, Any]) -> str:
    """Say what was adapted to what, and what came of it, in one sentence."""
    source, adapted = metrics.get("source", {}), metrics.get("adapted", {})
    score = f"test_{metrics.get('score', 'accuracy')}"
    measured = format_share(adapted.get(score))
    if "baseline" in metrics:
        plain = format_share(metrics["baseline"].get(score))
        measured += f" (plain finetuning: {plain})"
    depths = [str(model.get("depth", MISSING)) for model in (source, adapted)]
    macs = [format_count(model.get("macs")) for model in (source, adapted)]
    return (
        f"{metrics.get('model', 'A model')} was adapted to "
        f"{metrics.get('dataset', 'a data set')}: test {name_score(metrics)} "
        f"{measured}, "
        f"depth {' → '.join(depths)}, MACs {' → '.join(macs)}."
        + (f" {KEPT}" if keeps_plain(metrics) else "")
    )
