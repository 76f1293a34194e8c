"""The sections of the page, each as HTML, every text in it escaped."""

import base64
import html
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from ntaa_tf.architecture import Architecture
from ntaa_tf.report.curves import draw_curves
from ntaa_tf.report.drawing import make_figure
from ntaa_tf.report.heat_map import draw_probabilities
from ntaa_tf.report.ink import choose_colour
from ntaa_tf.report.ink import to_svg
from ntaa_tf.report.records import Probabilities
from ntaa_tf.report.table import MISSING
from ntaa_tf.report.table import format_share
from ntaa_tf.report.table import list_header
from ntaa_tf.report.table import list_rows
from ntaa_tf.report.table import name_score


def show_results(metrics: Mapping[str, Any]) -> str:
    """Show the result table, and the checks that were made."""
    rows = [_row(cells) for cells in list_rows(metrics)]
    caption = (
        "MACs are multiply-adds for one image. Batch 1 and batch 32 are "
        "the latencies of a batch of as many images."
    )
    return _section(
        "Result",
        f'<div class="scroll"><table class="results"><caption>{caption}'
        f"</caption><thead>{_row(list_header(metrics), 'col')}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        + _pairs("Checks", _list_checks(metrics))
        + _pairs("Budget", _list_budget(metrics)),
    )


def show_curves(history: Mapping[str, Sequence[float]]) -> str:
    """Show the curves of the training, if any."""
    panels = draw_curves(history)
    if not panels:
        return ""
    return _section("Training", f'<div class="panels">{"".join(panels)}</div>')


def show_probabilities(
    probabilities: Probabilities, architecture: Architecture
) -> str:
    """Show how probable the source's own operations were, if recorded."""
    panels = draw_probabilities(probabilities, architecture)
    if not panels:
        return ""
    text = (
        "A row for each site, a column for each epoch: how probable the "
        "source's own operation was (of cells, the one that was kept). What "
        "became of the site stands right."
    )
    return _section(
        "Search",
        f'<p>{text}</p><div class="panels">{"".join(panels)}</div>',
    )


def show_answers(picture: bytes | None) -> str:
    """Show queries and what was found, if there is a picture of them."""
    if picture is None:
        return ""
    data = base64.b64encode(picture).decode("ascii")
    text = (
        "Queries, and the first answers to each from the left: green where "
        "they are of the query's identity, red where not."
    )
    return _section(
        "Answers",
        f'<p>{text}</p><div class="scroll"><img alt="{text}" '
        f'src="data:image/png;base64,{data}"></div>',
    )


def show_architecture(
    architecture: Architecture, operations: Mapping[str, str]
) -> str:
    """Show the architecture as a picture and as a table, if it has sites."""
    if not architecture.sites:
        return ""
    figure = make_figure(architecture, operations)
    picture = to_svg(figure, "The choice of every site")
    rows = [
        f"<tr><td>{html.escape(name)}</td>"
        f"<td>{html.escape(operations.get(name, MISSING))}</td><td>"
        f'<span class="dot" style="background: '
        f'{choose_colour(choice.candidate)}"></span>'
        f"{html.escape(choice.candidate)}</td><td>{choice.reads}</td></tr>"
        for name, choice in architecture.sites.items()
    ]
    titles = ("site", "source", "adapted", "reads from sites back")
    return _section(
        "Architecture",
        f'<div class="scroll picture">{picture}</div>'
        '<details><summary>As a table</summary><div class="scroll"><table>'
        f"<thead>{_row(titles, 'col')}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div></details>",
    )


def show_run(recipe: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Show the seconds of each stage, seed, versions, and every flag."""
    stages = metrics.get("seconds", {})
    seconds = {stage: f"{stages[stage]:,.1f} s" for stage in stages}
    if stages:
        seconds["total"] = f"{sum(stages.values()):,.1f} s"
    versions = {key: metrics[key] for key in ("seed",) if key in metrics}
    versions |= metrics.get("versions", {})
    return _section(
        "Run",
        '<div class="columns">'
        + _pairs("Stages", seconds)
        + _pairs("Seed and versions", versions)
        + _pairs("Recipe", recipe)
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


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def _pairs(title: str, pairs: Mapping[str, Any]) -> str:
    """Write a table of names and values, nothing if there are none."""
    if not pairs:
        return ""
    rows = [_row((name, value)) for name, value in pairs.items()]
    return (
        f'<table class="pairs"><caption>{title}</caption>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _row(cells: Iterable[Any], scope: str = "row") -> str:
    """Write a table row: all are headings in a header, else the first."""
    first, *others = (html.escape(str(cell)) for cell in cells)
    tag = "th" if scope == "col" else "td"
    return f'<tr><th scope="{scope}">{first}</th>' + (
        "".join(f"<{tag}>{cell}</{tag}>" for cell in others) + "</tr>"
    )
