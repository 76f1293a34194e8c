"""The story of a comparison: its runs, what they show, and its report."""

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

from ntaa_tf.compare.domains import ByTarget
from ntaa_tf.compare.domains import take_best
from ntaa_tf.compare.execution import run_missing
from ntaa_tf.compare.findings import Findings
from ntaa_tf.compare.markdown import write_markdown
from ntaa_tf.compare.page import write_page
from ntaa_tf.compare.plan import Plan
from ntaa_tf.compare.plot import draw_comparison
from ntaa_tf.compare.report import Report
from ntaa_tf.compare.report import describe_machine
from ntaa_tf.compare.results import Table
from ntaa_tf.compare.results import read_columns
from ntaa_tf.compare.runs import Run
from ntaa_tf.compare.settings import name_setting

NAME = "comparison"


def compare(plan: Plan, workdir: Path, command: str, jobs: int = 1) -> bool:
    """Execute the missing runs, then write and print the report.

    Args:
        plan: the runs.
        workdir: directory of the report.
        command: command of the comparison, which the report shows.
        jobs: number of seeds in parallel.

    Returns:
        Whether all runs are finished.
    """
    failed = run_missing(plan.runs, jobs)
    finished = [run for run in plan.runs if run.is_finished]
    about = plan.about
    if failed:
        about += (
            f" {len(failed)} of {len(plan.runs)} runs failed and are missing."
        )
    if findings := find(plan, finished):
        report = make_report(findings, about)
        report.write(workdir)
        machine = dict(describe_machine())
        write_page(workdir, findings, finished, about, command, machine)
        print(report.to_markdown())
    return not failed


def find(plan: Plan, finished: Sequence[Run]) -> list[Findings]:
    """Return the findings of the finished runs, none without a basis.

    Args:
        plan: the comparison.
        finished: its finished runs.
    """
    if plan.places:
        settings = take_best(plan.places, finished, plan.single_by)
        return find_by_domain(settings, plan.against, plan.single_by)
    table = tabulate(finished)
    return [Findings(table, plan.against)] if plan.against in table else []


def tabulate(runs: Sequence[Run]) -> Table:
    """Read the results of finished runs."""
    table: dict[str, dict[int, dict[str, float]]] = {}
    for run in runs:
        columns = read_columns(run.read_metrics())
        table.setdefault(run.contestant.name, {})[run.seed] = columns
    return table


def find_by_domain(
    settings: Mapping[str, ByTarget], against: str, single_by: str
) -> list[Findings]:
    """Return the findings over several domains, by setting."""
    return [
        Findings.over_targets(
            by_target, against, setting, name_setting(setting, single_by)
        )
        for setting, by_target in settings.items()
        if against in by_target
    ]


def gather(findings: Sequence[Findings]) -> Table:
    """Return the runs of all findings under distinct names."""
    return {
        f"{name}, {found.setting}" if found.setting else name: runs
        for found in findings
        for name, runs in found.table.items()
    }


def make_report(findings: Sequence[Findings], about: str) -> Report:
    """Build the report that is written as Markdown, JSON and PNG."""
    results = {found.setting: found.to_json() for found in findings}
    return Report(
        NAME,
        results.get("", results),
        write_markdown(findings, about),
        draw_comparison(gather(findings)),
        kind="Methods",
    )
