r"""Compare methods by runs with several seeds, and test the differences.

    python tools/compare.py --recipe=recipes/digits.flags \
        --methods=finetune,ntaa --seeds=4 --workdir=runs/compare
    python tools/compare.py --methods=finetune,ntaa --image_sizes=48,80,96 \
        --flags="--model=m.keras --dataset=cifar10 --image_size=64"
    python tools/compare.py --methods=finetune \
        --variant='paper --method=ntaa --start=paper' --workdir=runs/paper
    python tools/compare.py --methods=finetune,ntaa \
        --domains=domainnet/clipart,domainnet/real,domainnet/sketch
    python tools/compare.py --recipe=recipes/adience_efficientnetb4.flags \
        --methods=finetune,ntaa --folds=5

Missing runs are executed, interrupted ones resume. The results are written into
the directory as `comparison.html`, and also as `comparison.md`,
`comparison.json` and `comparison.png`.
"""

import logging
import os
import shlex
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags
from absl import logging as absl_logging
from benchmarks.report import Report
from benchmarks.report import describe_machine
from comparisons.domains import CHOSEN_BY
from comparisons.domains import COMBINE
from comparisons.domains import ORACLE
from comparisons.domains import SETTINGS
from comparisons.domains import SINGLE
from comparisons.domains import VALIDATION
from comparisons.domains import ByTarget
from comparisons.domains import Place
from comparisons.domains import list_places
from comparisons.domains import take_best
from comparisons.execution import run_missing
from comparisons.findings import Findings
from comparisons.markdown import write_markdown
from comparisons.page import write_page
from comparisons.plot import draw_comparison
from comparisons.results import Table
from comparisons.results import read_columns
from comparisons.runs import Run
from comparisons.runs import list_contestants
from comparisons.runs import list_runs
from comparisons.runs import read_flags

from ntaa_tf.command_line import DONE
from ntaa_tf.command_line import FAILED
from ntaa_tf.command_line import RESUMABLE
from ntaa_tf.command_line import check_no_words
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser

NAME = "comparison"
EACH_FOLD = "--fold={seed}"

logger = logging.getLogger("comparisons")


def define_flags() -> None:
    """Define the flags."""
    flags.DEFINE_string("recipe", None, "Recipe file: flags of all runs.")
    flags.DEFINE_list("methods", [], "Names of the methods to compare.")
    flags.DEFINE_multi_string(
        "variant",
        [],
        "A further contestant: a name and flags of ntaa_tf.adapt, separated by "
        "spaces. {seed} and {workdir} are replaced in the flags. May be given "
        "several times. For each seed, runs are executed in the order of "
        "--methods, then of --variant.",
    )
    flags.DEFINE_list(
        "image_sizes",
        [],
        "Sides of images in pixels. Plain finetuning at each is a further "
        "contestant, and the plot connects them: the trade of error for MACs "
        "that needs no search.",
    )
    flags.DEFINE_string("flags", "", "Further flags of all runs.")
    flags.DEFINE_list(
        "domains",
        [],
        "Data sets with the same classes. Each is the target once; results are "
        "averaged over the targets.",
    )
    flags.DEFINE_list(
        "settings",
        list(SETTINGS),
        "With --domains, the training data: the best single source, all "
        "sources combined, or the target itself (oracle).",
    )
    flags.DEFINE_enum(
        "single_by",
        VALIDATION,
        CHOSEN_BY,
        "The split that chooses the best single source: its own validation "
        "split, or the target's test split, as in the paper, which is not "
        "fair.",
    )
    flags.DEFINE_integer(
        "seeds", 4, "Number of seeds: runs of each contestant.", lower_bound=1
    )
    flags.DEFINE_integer(
        "folds",
        None,
        "Number of folds of a data set such as adience, instead of --seeds. "
        "Each run is tested on another fold; its seed is the fold's number.",
        lower_bound=2,
    )
    flags.DEFINE_integer(
        "jobs", 1, "Number of seeds in parallel.", lower_bound=1
    )
    flags.DEFINE_string(
        "against",
        None,
        "Contestant that the others are compared with; by default the first.",
    )
    flags.DEFINE_string(
        "workdir", "runs/compare", "Directory of the comparison."
    )


def main(arguments: list[str]) -> int:
    """Run the comparison of the flags.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`; 1 if a run failed.
    """
    absl_logging.set_verbosity(absl_logging.WARNING)
    logger.setLevel(logging.INFO)
    return end(lambda: follow(arguments[1:]), stopped=RESUMABLE)


def follow(words: Sequence[str]) -> int:
    """Execute the missing runs, and write the report."""
    check_no_words(words)
    flag = flags.FLAGS
    contestants = list_contestants(flag.methods, flag.variant, flag.image_sizes)
    against = flag.against or contestants[0].name
    if against not in [contestant.name for contestant in contestants]:
        raise ValueError(
            f"--against={against} is not compared. Choose one of "
            f"{', '.join(contestant.name for contestant in contestants)}."
        )
    common = read_flags(Path(flag.recipe)) if flag.recipe else []
    common += shlex.split(flag["flags"].value)
    workdir = Path(flag.workdir)
    places: list[Place] = []
    if flag.domains:
        places = list_places(contestants, flag.domains, flag.settings, common)
        contestants = [place.run_as for place in places]
    if flag.folds:
        common.append(EACH_FOLD)
    num_runs = flag.folds or flag.seeds
    runs = list_runs(contestants, num_runs, workdir, common)
    failed = run_missing(runs, flag.jobs)
    finished = [run for run in runs if run.is_finished]
    if places:
        settings = take_best(places, finished, flag.single_by)
        findings = find_by_domain(settings, against, flag.single_by)
        about = (
            f"Means over {len(flag.domains)} domains, each of which is the "
            "target once."
        )
    else:
        findings = find(tabulate(finished), against)
        names = ", ".join(contestant.name for contestant in contestants)
        shared = "folds" if flag.folds else "seeds"
        about = f"{names}, on the same data with the same {num_runs} {shared}."
    if failed:
        about += f" {len(failed)} of {len(runs)} runs failed and are missing."
    if findings:
        hand_over(findings, finished, about, workdir)
    return FAILED if failed else DONE


def hand_over(
    findings: Sequence[Findings], runs: Sequence[Run], about: str, workdir: Path
) -> None:
    """Write the findings to files, and print them."""
    report = make_report(findings, about)
    report.write(workdir)
    command = shlex.join(["python", *sys.argv])
    machine = dict(describe_machine())
    write_page(workdir, findings, runs, about, command, machine)
    print(report.to_markdown())


def tabulate(runs: Sequence[Run]) -> Table:
    """Read the results of finished runs."""
    table: dict[str, dict[int, dict[str, float]]] = {}
    for run in runs:
        columns = read_columns(run.read_metrics())
        table.setdefault(run.contestant.name, {})[run.seed] = columns
    return table


def find(table: Table, against: str) -> list[Findings]:
    """Return the findings on one data set, if `against` has finished runs."""
    return [Findings(table, against)] if against in table else []


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


def name_setting(setting: str, single_by: str) -> str:
    """Return the title of a setting."""
    whose = "its" if single_by == VALIDATION else "the target's"
    titles = {
        SINGLE: f"Single best source, by {whose} {single_by} split",
        COMBINE: "All sources combined",
        ORACLE: "Trained on the target",
    }
    return titles[setting]


if __name__ == "__main__":
    define_flags()
    app.run(main, flags_parser=make_parser(__doc__))
