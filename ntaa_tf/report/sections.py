"""The sections of the page that show numbers, every text in them escaped."""

import html
from collections.abc import Mapping
from typing import Any

from ntaa_tf.report.markup import write_pairs
from ntaa_tf.report.markup import write_row
from ntaa_tf.report.markup import write_section
from ntaa_tf.report.records import Records
from ntaa_tf.report.table import format_share
from ntaa_tf.report.table import list_header
from ntaa_tf.report.table import list_rows
from ntaa_tf.report.table import name_score
from ntaa_tf.report.trade_off import draw_trade_off


def show_results(metrics: Mapping[str, Any]) -> str:
    """Show the result table, and the checks that were made."""
    rows = [write_row(cells) for cells in list_rows(metrics)]
    caption = (
        "MACs are multiply-adds for one image. Batch 1 and batch 32 are "
        "the latencies of a batch of as many images."
    )
    return write_section(
        "Result",
        f'<div class="scroll"><table class="results"><caption>{caption}'
        f"</caption><thead>{write_row(list_header(metrics), 'col')}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        + _show_trade_off(metrics)
        + write_pairs("Checks", _list_checks(metrics))
        + write_pairs("Budget", _list_budget(metrics)),
    )


def _show_trade_off(metrics: Mapping[str, Any]) -> str:
    drawing = draw_trade_off(metrics)
    return f'<div class="panels">{drawing}</div>' if drawing else ""


def show_run(
    recipe: Mapping[str, Any], metrics: Mapping[str, Any], records: Records
) -> str:
    """Show the command, what it wrote, its seconds, versions and flags."""
    stages = metrics.get("seconds", {})
    seconds = {stage: f"{stages[stage]:,.1f} s" for stage in stages}
    if stages:
        seconds["total"] = f"{sum(stages.values()):,.1f} s"
    versions = {key: metrics[key] for key in ("seed",) if key in metrics}
    versions |= metrics.get("versions", {})
    command = f"<pre>{html.escape(records.command)}</pre>"
    return write_section(
        "Run",
        (command if records.command else "")
        + '<div class="columns">'
        + write_pairs("Stages", seconds)
        + write_pairs("Seed and versions", versions)
        + write_pairs("Recipe", recipe)
        + "</div>",
    )


def _list_checks(metrics: Mapping[str, Any]) -> dict[str, str]:
    """List what else was measured, by what it says."""
    adapted, gap = metrics.get("adapted", {}), metrics.get("gap", {})
    score = metrics.get("score", "accuracy")
    named = f"Validation {name_score(metrics)}"
    shares = {
        f"{named} of the supernet": gap.get("supernet"),
        f"{named} of its argmax model": gap.get("argmax"),
        f"{named} within the budget": gap.get("budget"),
        f"{named} after finetuning": adapted.get(f"validation_{score}"),
    }
    differences = {
        "Largest difference by collapse": metrics.get("collapse_difference"),
        "Largest difference by export": metrics.get("export_difference"),
    }
    guard, tune = metrics.get("guard", {}), metrics.get("tune", {})
    kept = {
        "Kept by the guard": guard.get("kept"),
        "Learning rate by tuning": tune.get("learning_rate"),
        "Labelled images of the target that judged": metrics.get(
            "target_labels"
        ),
    }
    return (
        {
            name: format_share(share)
            for name, share in shares.items()
            if share is not None
        }
        | {name: str(what) for name, what in kept.items() if what}
        | {
            name: f"{difference:.1e}"
            for name, difference in differences.items()
            if difference is not None
        }
    )


def _list_budget(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Say of each limited cost what was allowed, told and measured."""
    return {
        name: "; ".join(f"{what} {costs[what]:,.10g}" for what in costs)
        for name, costs in metrics.get("budget", {}).items()
    }
