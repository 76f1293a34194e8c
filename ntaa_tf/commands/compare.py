r"""Compare methods by runs with several seeds, and test the differences.

    ntaa compare --recipe=cifar10_resnet50 --methods=finetune,ntaa
    ntaa compare --methods=finetune,ntaa --image_sizes=48,80,96 \
        --flags="--model=m.keras --dataset=cifar10 --image_size=64"
    ntaa compare --methods=finetune \
        --variant='paper --method=ntaa --start=paper' --workdir=runs/paper
    ntaa compare --methods=finetune,ntaa \
        --domains=domainnet/clipart,domainnet/real,domainnet/sketch
    ntaa compare --recipe=adience_efficientnetb4 --folds=5 \
        --methods=finetune,ntaa

Missing runs are executed, interrupted ones resume. The results are written into
the directory as `comparison.html`, and also as `comparison.md`,
`comparison.json` and `comparison.png`.
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from absl import app
from absl import flags
from absl import logging as absl_logging

from ntaa_tf.command_line import DONE
from ntaa_tf.command_line import FAILED
from ntaa_tf.command_line import RESUMABLE
from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import check_no_words
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line.log import log_plainly
from ntaa_tf.command_line.quiet_import import import_tensorflow
from ntaa_tf.commands.recipe_flag import BRIEF
from ntaa_tf.commands.recipe_flag import show_recipes_if_asked
from ntaa_tf.compare.settings import CHOSEN_BY
from ntaa_tf.compare.settings import SETTINGS
from ntaa_tf.compare.settings import VALIDATION
from ntaa_tf.recipe.shipped import find_recipe

if TYPE_CHECKING:
    from ntaa_tf.compare.plan import Plan

HEADINGS = (
    Heading(
        "Contestants",
        {
            "methods": "names of methods",
            "variant": "a name and its flags; may be given several times",
            "image_sizes": "sides in pixels, each with plain finetuning",
        },
        ("against",),
    ),
    Heading(
        "Runs",
        {
            "recipe": BRIEF,
            "flags": "further flags of all runs",
            "seeds": "runs of each contestant",
            "folds": "folds of the data set, instead of seeds",
            "domains": "data sets, each the target once",
            "workdir": "directory of the comparison",
        },
        ("settings", "single_by", "jobs"),
    ),
)


def define_flags() -> None:
    """Define the flags."""
    flags.DEFINE_string(
        "recipe",
        None,
        "Recipe of all runs: the name of one of the package's own, or a file "
        "of flags. --flags and --variant override it. --recipe=list shows the "
        "names.",
    )
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
    flags.DEFINE_integer(
        "seeds", 4, "Number of seeds: runs of each contestant.", lower_bound=1
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
    _define_flags_of_data()


def _define_flags_of_data() -> None:
    """Define the flags of folds and domains."""
    flags.DEFINE_integer(
        "folds",
        None,
        "Number of folds of a data set such as adience, instead of --seeds. "
        "Each run is tested on another fold; its seed is the fold's number.",
        lower_bound=2,
    )
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


def main(arguments: list[str]) -> int:
    """Run the comparison of the flags.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`; 1 if a run failed.
    """
    absl_logging.set_verbosity(absl_logging.ERROR)
    log_plainly()
    return end(lambda: _follow(arguments[1:]), stopped=RESUMABLE)


def _follow(words: Sequence[str]) -> int:
    """Execute the missing runs, and write the report."""
    check_no_words(words)
    show_recipes_if_asked(flags.FLAGS.recipe)
    plan = _make_plan()
    import_tensorflow()
    from ntaa_tf.compare.comparison import compare

    flag = flags.FLAGS
    command = f"ntaa compare {shlex.join(sys.argv[1:])}"
    done = compare(plan, Path(flag.workdir), command, flag.jobs)
    return DONE if done else FAILED


def _make_plan() -> "Plan":
    """Plan the runs that the flags ask for."""
    from ntaa_tf.compare.contestants import list_contestants
    from ntaa_tf.compare.contestants import read_flags
    from ntaa_tf.compare.plan import plan_domains
    from ntaa_tf.compare.plan import plan_seeds

    flag = flags.FLAGS
    contestants = list_contestants(flag.methods, flag.variant, flag.image_sizes)
    common = read_flags(find_recipe(flag.recipe)) if flag.recipe else []
    common += shlex.split(flag["flags"].value)
    known = (contestants, flag.against, Path(flag.workdir), common, flag.seeds)
    if not flag.domains:
        return plan_seeds(*known, flag.folds)
    if flag.folds:
        raise ValueError(
            "--folds can't be used with --domains. Remove one of them."
        )
    return plan_domains(*known, flag.domains, flag.settings, flag.single_by)


def start() -> None:
    """Define the flags, parse the command line, and end with its status."""
    define_flags()
    app.run(main, flags_parser=make_parser(__doc__, HEADINGS))
