"""Adapt a pretrained Keras model to a data set, from the command line.

    ntaa adapt --model=resnet50 --dataset=cifar10
    ntaa adapt --model=model.keras --dataset=folder:images
    ntaa adapt --recipe=cifar10_resnet50 --seed=1

Without flags a small network for the digits 0 to 4 learns the digits 5 to 9,
with half of its MACs.
"""

import sys
from collections.abc import Callable
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

from absl import app
from absl import flags
from absl import logging as absl_logging

from ntaa_tf.command_line import RESUMABLE
from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import check_no_words
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line.log import log_plainly
from ntaa_tf.command_line.machine_failures import explain
from ntaa_tf.command_line.machine_failures import list_runtime_errors
from ntaa_tf.command_line.quiet_import import import_tensorflow
from ntaa_tf.commands.recipe_flag import HEADING as RECIPE
from ntaa_tf.commands.recipe_flag import check_recipe_flag
from ntaa_tf.commands.recipe_flag import define_recipe_flag
from ntaa_tf.commands.recipe_flag import put_recipe_first
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.flags import define_flags as define_flags_of_recipe
from ntaa_tf.recipe.flags import list_headings
from ntaa_tf.recipe.flags import read_recipe
from ntaa_tf.recipe.renamed import MESSAGES

if TYPE_CHECKING:
    from ntaa_tf.storage.run_metrics import RunMetrics

HEADINGS = (
    RECIPE,
    *list_headings(),
    Heading(
        "Instead of a run",
        {"inspect": "list every convolution, and the cost of the search"},
    ),
)

# Choices of a run without any flag; it shall end within 90 seconds on 2 cores.
DEMO = {"max_macs": "0.5x", "search_epochs": 8, "finetune_epochs": 16}


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define a flag for every choice of a recipe, `recipe` and `inspect`.

    Args:
        values: collection that gets the flags; by default absl's own.
    """
    define_flags_of_recipe(values)
    define_recipe_flag(values)
    flags.DEFINE_boolean(
        "inspect",
        False,
        "List of every convolution, with its candidates or the reason why it "
        "is no site, and the cost of the supernet; nothing is trained.",
        flag_values=values,
    )


def main(
    arguments: list[str],
    carry_out: Callable[[Recipe], None] | None = None,
    **fixed: Any,
) -> int:
    """Build the recipe of the flags, and carry it out.

    Args:
        arguments: name of the program, and words of the command line that are
            no flags.
        carry_out: function of the recipe; by default a whole run.
        **fixed: choices that the command makes itself; they win over flags.

    Returns:
        The exit status, see `ntaa_tf.command_line.end`.
    """
    absl_logging.set_verbosity(absl_logging.ERROR)
    log_plainly()

    def act() -> None:
        check_no_words(arguments[1:])
        check_recipe_flag()
        is_demo = carry_out is None and not sys.argv[1:]
        choices = {**DEMO, **fixed} if is_demo else fixed
        recipe = read_recipe(words=sys.argv[1:], **choices)
        _check_given(recipe)
        # This takes seconds, so it comes after the check of the flags.
        import_tensorflow()
        (carry_out or _run_or_inspect)(recipe)

    return end(
        act,
        failures=list_runtime_errors,
        explain=explain,
        stopped=RESUMABLE,
    )


def _check_given(recipe: Recipe) -> None:
    """Raise a ValueError if a model has no data set, or the reverse.

    Their defaults belong together, and with nothing else.
    """
    pair = {"model", "dataset"}
    given = pair & recipe.given
    if len(given) == 1:
        (there,), (missing,) = given, pair - given
        raise ValueError(
            f"--{there} is given, so --{missing} is needed, too. Without both, "
            "a small example runs."
        )


def _run_or_inspect(recipe: Recipe) -> None:
    # These import TensorFlow, so they can't be imported at the top.
    from ntaa_tf import pipeline

    if flags.FLAGS["inspect"].value:
        print(pipeline.inspect(recipe))
        return
    metrics = pipeline.run(recipe)
    # On every worker, so that all of them end with the same exit status.
    _raise_failures(metrics)


def _raise_failures(metrics: "RunMetrics") -> None:
    """Raise a RuntimeError if a format could not be exported."""
    failures = metrics.export_failures
    if failures:
        listed = "; ".join(f"{name} {why}" for name, why in failures.items())
        raise RuntimeError(
            f"Some exports failed: {listed}. Everything else is done. "
            "To export again, delete `export` and `metrics.json` from the run "
            "directory and repeat the command."
        )


def make_flags_parser(
    about: str | None, headings: Sequence[Heading]
) -> Callable[[list[str]], list[str]]:
    """Build the parser of a command that has the flags of `define_flags`.

    Args:
        about: purpose of the command.
        headings: headings of its help.
    """
    return make_parser(
        about, headings, messages=MESSAGES, prepare=put_recipe_first
    )


def start() -> None:
    """Define the flags, parse the command line, and end with its status."""
    define_flags()
    app.run(main, flags_parser=make_flags_parser(__doc__, HEADINGS))
