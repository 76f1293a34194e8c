r"""Compare methods by runs with several seeds, and say what differs.

    python tools/compare.py --recipe=recipes/digits.flags \
        --methods=finetune,ntaa --seeds=4 --workdir=runs/compare
    python tools/compare.py --methods=finetune \
        --variant='paper --method=ntaa --start=paper' --workdir=runs/paper
    python tools/compare.py --methods=finetune,ntaa \
        --domains=domainnet/clipart,domainnet/real,domainnet/sketch
    python tools/compare.py --recipe=recipes/adience_efficientnetb4.flags \
        --methods=finetune,ntaa --folds=5

Runs what is missing, goes on with what was interrupted, and writes
`comparison.md`, `comparison.json` and `comparison.png` into the directory.
"""

import logging
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags
from absl import logging as absl_logging
from benchmarks.report import Report
from benchmarks.report import format_table
from comparisons.domains import CHOSEN_BY
from comparisons.domains import COMBINE
from comparisons.domains import ORACLE
from comparisons.domains import SETTINGS
from comparisons.domains import SINGLE
from comparisons.domains import VALIDATION
from comparisons.domains import ByTarget
from comparisons.domains import Place
from comparisons.domains import average
from comparisons.domains import list_places
from comparisons.domains import list_targets
from comparisons.domains import take_best
from comparisons.plot import draw_comparison
from comparisons.results import Table
from comparisons.results import compare
from comparisons.results import describe_runs
from comparisons.results import list_columns
from comparisons.results import list_comparisons
from comparisons.results import read_columns
from comparisons.results import say
from comparisons.results import to_json
from comparisons.runs import Run
from comparisons.runs import list_contestants
from comparisons.runs import list_runs
from comparisons.runs import read_flags
from comparisons.runs import run_missing

from ntaa_tf.command_line import DONE
from ntaa_tf.command_line import FAILED
from ntaa_tf.command_line import GOES_ON
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line import refuse_words

NAME = "comparison"
EACH_FOLD = "--fold={seed}"

logger = logging.getLogger("comparisons")


def define_flags() -> None:
    """Define the flags."""
    flags.DEFINE_string("recipe", None, "A file of flags that all runs have.")
    flags.DEFINE_list("methods", [], "Methods to compare, by their names.")
    flags.DEFINE_multi_string(
        "variant",
        [],
        "More to compare: a name, and flags of ntaa_tf.adapt, separated by "
        "spaces, in which {seed} and {workdir} may stand. May be given several "
        "times. Of one seed, runs are done in the order of --methods, then of "
        "--variant.",
    )
    flags.DEFINE_string("flags", "", "More flags that all runs have.")
    flags.DEFINE_list(
        "domains",
        [],
        "Data sets of the same classes, each of which is the target once; all "
        "that is measured is averaged over them.",
    )
    flags.DEFINE_list(
        "settings",
        list(SETTINGS),
        "With --domains, what is trained on: the best single source, all "
        "sources combined, the target itself (oracle).",
    )
    flags.DEFINE_enum(
        "single_by",
        VALIDATION,
        CHOSEN_BY,
        "What the best single source is chosen by: its own validation split, "
        "or the target's test split, as in the paper, which is not fair.",
    )
    flags.DEFINE_integer("seeds", 4, "Runs of each.", lower_bound=1)
    flags.DEFINE_integer(
        "folds",
        None,
        "Of a data set in folds, such as adience: instead of --seeds as many "
        "runs, each tested on a fold of its own, whose number is its seed.",
        lower_bound=2,
    )
    flags.DEFINE_integer("jobs", 1, "Seeds at one time.", lower_bound=1)
    flags.DEFINE_string(
        "against",
        None,
        "What the others are compared with; by default the first.",
    )
    flags.DEFINE_string("workdir", "runs/compare", "Where all of it is kept.")


def main(arguments: list[str]) -> int:
    """Run the comparison that the flags give.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`; 1 if a run failed.
    """
    absl_logging.set_verbosity(absl_logging.WARNING)
    logger.setLevel(logging.INFO)
    return end(lambda: follow(arguments[1:]), stopped=GOES_ON)


def follow(words: Sequence[str]) -> int:
    """Run what is missing and write the report."""
    refuse_words(words)
    flag = flags.FLAGS
    contestants = list_contestants(flag.methods, flag.variant)
    against = flag.against or contestants[0].name
    if against not in [contestant.name for contestant in contestants]:
        raise ValueError(
            "Invalid value for `against`. Expected one of "
            f"{[contestant.name for contestant in contestants]}. Received: "
            f"{against!r}."
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
        report = report_domains(
            take_best(places, finished, flag.single_by), against, flag.single_by
        )
    else:
        report = report_methods(tabulate(finished), against)
    if report is not None:
        report.write(workdir)
        print(report.to_markdown())
    return FAILED if failed else DONE


def tabulate(runs: Sequence[Run]) -> Table:
    """Read what finished runs measured."""
    table: dict[str, dict[int, dict[str, float]]] = {}
    for run in runs:
        columns = read_columns(run.read_metrics())
        table.setdefault(run.contestant.name, {})[run.seed] = columns
    return table


def report_methods(table: Table, against: str) -> Report | None:
    """Write what the methods did on one data set, if there is something."""
    if against not in table:
        return None
    results, text = describe(table, against)
    figure = draw_comparison(table)
    return Report(NAME, results, text, figure, kind="Methods")


def report_domains(
    settings: dict[str, ByTarget], against: str, single_by: str
) -> Report | None:
    """Write what they did over several domains, if there is something."""
    settings = {name: of for name, of in settings.items() if against in of}
    if not settings:
        return None
    results: dict[str, Any] = {}
    plotted: dict[str, Any] = {}
    text = ["Each domain is the target once; means over the targets."]
    for setting, by_target in settings.items():
        table = average(by_target)
        results[setting], words = describe(table, against)
        text += [f"## {name_setting(setting, single_by)}", words]
        text += ["Test errors by target, %:"]
        text += [format_table(*list_targets(by_target))]
        plotted |= {f"{name}, {setting}": of for name, of in table.items()}
    figure = draw_comparison(plotted)
    return Report(NAME, results, "\n\n".join(text), figure, kind="Methods")


def name_setting(setting: str, single_by: str) -> str:
    """Give the title of what was trained on."""
    whose = "its" if single_by == VALIDATION else "the target's"
    titles = {
        SINGLE: f"Single best source, by {whose} {single_by} split",
        COMBINE: "All sources combined",
        ORACLE: "Trained on the target",
    }
    return titles[setting]


def describe(table: Table, against: str) -> tuple[dict[str, Any], str]:
    """Give what tables say as data, and the tables in words."""
    compared = compare(table, against)
    header = ("", "runs", *list_columns(table))
    text = [format_table(header, describe_runs(table))]
    text += ["Mean ± sample standard deviation."]
    text += [f"Test errors against those of {against}, seed by seed:"]
    header = (
        *("", "difference", "95 % by bootstrap", "effect size d"),
        *("p, paired t", "p after Holm", "p, Wilcoxon"),
    )
    text += [format_table(header, list_comparisons(compared))]
    text += ["\n".join(f"- {line}" for line in say(table, against, compared))]
    return to_json(table, against, compared), "\n\n".join(text)


if __name__ == "__main__":
    define_flags()
    app.run(main, flags_parser=make_parser(__doc__))
