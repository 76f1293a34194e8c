"""The page of a comparison: one file, no network, for a person to look at."""

import html
import shlex
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from comparisons.findings import Findings
from comparisons.findings import Listing
from comparisons.plot import draw_comparison
from comparisons.results import Table
from comparisons.runs import Run
from ntaa_tf.report.ink import to_svg
from ntaa_tf.report.markup import write_document
from ntaa_tf.report.markup import write_pairs
from ntaa_tf.report.markup import write_row
from ntaa_tf.report.markup import write_section

PAGE_FILE = "comparison.html"
RUN_PAGE = "report.html"
LABEL = "Test error against MACs, a dot for every run"


def write_page(
    directory: Path,
    findings: Sequence[Findings],
    runs: Sequence[Run],
    about: str,
    command: str,
    versions: Mapping[str, Any],
) -> None:
    """Write `comparison.html`, like the page of a run.

    Args:
        directory: of the comparison.
        findings: what was found; at least one.
        runs: all that are finished.
        about: what was compared, in a sentence.
        command: the command of the comparison.
        versions: of the machine and the libraries, by name.
    """
    body = [
        "<h1>Comparison</h1>",
        f'<p class="headline">{html.escape(about)}</p>',
        *map(_show_findings, findings),
        write_section(
            "Runs",
            f"<pre>{html.escape(command)}</pre>"
            + _show_runs(runs, directory)
            + write_pairs("Machine and versions", versions),
        ),
    ]
    write_document(directory / PAGE_FILE, "Comparison", "\n".join(body))


def _show_findings(found: Findings) -> str:
    sentences = "".join(
        f"<li>{html.escape(sentence)}</li>" for sentence in found.sentences
    )
    tables = "".join(map(_show_listing, found.listings))
    title = html.escape(found.title or "Result")
    return write_section(
        title, f"<ul>{sentences}</ul>{_show_plot(found.table)}{tables}"
    )


def _show_listing(listing: Listing) -> str:
    if not listing.rows:
        return ""
    rows = "".join(map(write_row, listing.rows))
    return (
        f"<h3>{html.escape(listing.caption)}</h3>"
        '<div class="scroll"><table class="compared"><thead>'
        f"{write_row(listing.header, 'col')}</thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _show_plot(table: Table) -> str:
    drawing = to_svg(draw_comparison(table), LABEL)
    return f'<div class="panels wide">{drawing}</div>'


def _show_runs(runs: Sequence[Run], directory: Path) -> str:
    """List every run: its seed, where its page is, and its command."""
    listed = "".join(_show_run(run, directory) for run in runs)
    return (
        f"<details><summary>The commands of {len(runs)} runs</summary>"
        f"{listed}</details>"
    )


def _show_run(run: Run, directory: Path) -> str:
    name = html.escape(f"{run.contestant.name}, seed {run.seed}")
    page = run.path / RUN_PAGE
    if page.exists():
        link = html.escape(page.relative_to(directory).as_posix())
        name = f'<a href="{link}">{name}</a>'
    command = shlex.join(["python", *run.command[1:]])
    return f"<h3>{name}</h3><pre>{html.escape(command)}</pre>"
