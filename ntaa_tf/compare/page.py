"""The HTML page of a comparison: one file that needs no network."""

import shlex
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ntaa_tf.compare.findings import Findings
from ntaa_tf.compare.plot import draw_comparison
from ntaa_tf.compare.runs import Run
from ntaa_tf.report.ink import to_svg
from ntaa_tf.report.rendering import write_html

PAGE_FILE = "comparison.html"
RUN_PAGE = "report.html"
TEMPLATE = "comparison.html"
LABEL = "Test error against MACs, a dot for each run"


def write_page(
    directory: Path,
    findings: Sequence[Findings],
    runs: Sequence[Run],
    about: str,
    command: str,
    versions: Mapping[str, Any],
) -> None:
    """Write `comparison.html`, in the style of a run's page.

    Args:
        directory: directory of the comparison.
        findings: at least one.
        runs: all finished runs.
        about: the compared methods, in a sentence.
        command: the command of the comparison.
        versions: machine and versions of the libraries, by name.
    """
    write_html(
        directory / PAGE_FILE,
        TEMPLATE,
        title="Comparison",
        headline=about,
        findings=[
            {
                "title": found.title or "Result",
                "sentences": found.sentences,
                "plot": to_svg(draw_comparison(found.table), LABEL),
                "listings": found.listings,
            }
            for found in findings
        ],
        command=command,
        runs=[_show_run(run, directory) for run in runs],
        versions=list(versions.items()),
    )


def _show_run(run: Run, directory: Path) -> dict[str, str]:
    """Return a run's name, its command, and the path of its page if any."""
    page = run.path / RUN_PAGE
    return {
        "name": f"{run.contestant.name}, seed {run.seed}",
        "command": shlex.join(["python", *run.command[1:]]),
        "page": page.relative_to(directory).as_posix() if page.exists() else "",
    }
