"""Adapt a pretrained Keras model to a data set, from the command line.

    python -m ntaa_tf.adapt --model=resnet50 --dataset=cifar10

Without flags a small network for the digits 0 to 4 learns the digits 5 to 9.
"""

import dataclasses
import functools
import logging
import os
import sys
import types
import typing
from collections.abc import Callable
from typing import Any

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags
from absl import logging as absl_logging

from ntaa_tf.command_line import refuse_words
from ntaa_tf.export import list_failures
from ntaa_tf.pipeline import inspect
from ntaa_tf.pipeline import run
from ntaa_tf.recipe import Recipe
from ntaa_tf.report import format_table
from ntaa_tf.runs import name_workdir

FAILED = 1
BAD_INPUT = 2
STOPPED = 130

logger = logging.getLogger("ntaa_tf.adapt")

_DEFINE = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define a flag for every field of `Recipe`, with its default.

    Args:
        values: what gets the flags; by default what absl parses.
    """
    types_of = typing.get_type_hints(Recipe)
    for field in dataclasses.fields(Recipe):
        help_text, choices = field.metadata["help"], field.metadata["choices"]
        define = _DEFINE[_strip_none(types_of[field.name])]
        if choices:
            define = functools.partial(flags.DEFINE_enum, enum_values=choices)
        define(field.name, field.default, help=help_text, flag_values=values)
    flags.DEFINE_boolean(
        "inspect",
        False,
        "Print every convolution, whether it is searched, and what the "
        "supernet costs; train nothing.",
        flag_values=values,
    )


def read_recipe(values: flags.FlagValues = flags.FLAGS, **fixed: Any) -> Recipe:
    """Give the recipe of flags that are parsed.

    Args:
        values: the flags.
        **fixed: choices that no flag decides.

    Raises:
        ValueError: if a value is out of its range.
    """
    names = [field.name for field in dataclasses.fields(Recipe)]
    return Recipe(**{name: values[name].value for name in names} | fixed)


def main(
    arguments: list[str],
    follow: Callable[[Recipe], None] | None = None,
    **fixed: Any,
) -> int:
    """Run the recipe that the flags give.

    Args:
        arguments: the words of the command line that are no flags.
        follow: what is done with the recipe; a whole run by default.
        **fixed: choices that no flag decides.

    Returns:
        The exit status: 0; 2 for input that can't be followed; 1 for what went
        wrong on the way; 130 if it was stopped by hand.
    """
    absl_logging.set_verbosity(absl_logging.WARNING)
    logging.getLogger("ntaa_tf").setLevel(logging.INFO)
    try:
        refuse_words(arguments[1:])
        (follow or _follow)(read_recipe(**fixed))
    except (ValueError, OSError) as error:
        return _end(error, BAD_INPUT)
    except RuntimeError as error:
        return _end(error, FAILED)
    except KeyboardInterrupt:
        return _end("stopped; the same command goes on from here", STOPPED)
    return 0


def _follow(recipe: Recipe) -> None:
    if flags.FLAGS["inspect"].value:
        print(inspect(recipe))
        return
    metrics = run(recipe)
    print(format_table(metrics))
    if metrics.get("guard", {}).get("kept") == "baseline":
        print("Plain finetuning validates better: it is what is kept.")
    if "target_labels" in metrics:
        print(
            f"{metrics['target_labels']:,} training images of the target "
            "judged the architecture, by their labels."
        )
    print(f"All of it is in {name_workdir(recipe)}; open report.html there.")
    failures = list_failures(metrics["exports"])
    if failures:
        told = "; ".join(f"{name} {why}" for name, why in failures.items())
        raise RuntimeError(
            f"Not everything can be served: {told}. The rest is finished. To "
            "export again, remove `export` and `metrics.json` there first."
        )


def _end(reason: object, status: int) -> int:
    logger.debug("Where it came from:", exc_info=True)
    print(f"error: {reason}", file=sys.stderr)
    return status


def parse(arguments: list[str]) -> list[str]:
    """Parse the flags; a wrong one ends like any other bad input."""
    try:
        return flags.FLAGS(arguments)
    except flags.Error as error:
        sys.exit(_end(error, BAD_INPUT))


def _strip_none(annotation: typing.Any) -> type:
    if isinstance(annotation, types.UnionType):
        kinds = typing.get_args(annotation)
        return next(kind for kind in kinds if kind is not types.NoneType)
    return annotation


if __name__ == "__main__":
    define_flags()
    app.run(main, flags_parser=parse)
