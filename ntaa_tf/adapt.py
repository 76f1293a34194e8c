"""Adapt a pretrained Keras model to a data set, from the command line.

    python -m ntaa_tf.adapt --model=resnet50 --dataset=cifar10
    python -m ntaa_tf.adapt --model=model.keras --dataset=folder:images
    python -m ntaa_tf.adapt --flagfile=recipes/cifar10_resnet50.flags --seed=1

Without flags a small network for the digits 0 to 4 learns the digits 5 to 9.
"""

import dataclasses
import functools
import logging
import os
import types
import typing
from collections.abc import Callable
from typing import Any

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from absl import app
from absl import flags
from absl import logging as absl_logging

from ntaa_tf.command_line import GOES_ON
from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line import refuse_words
from ntaa_tf.command_line.machine_failures import explain
from ntaa_tf.distribute import is_silent
from ntaa_tf.export import list_failures
from ntaa_tf.pipeline import inspect
from ntaa_tf.pipeline import run
from ntaa_tf.recipe import GROUPS
from ntaa_tf.recipe import Recipe
from ntaa_tf.report import KEPT
from ntaa_tf.report import format_table
from ntaa_tf.report import keeps_plain

HEADINGS = (
    *GROUPS,
    Heading(
        "Instead of a run",
        {"inspect": "list every convolution, and what the search costs"},
    ),
)

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
        The exit status, as of `ntaa_tf.command_line.end`.
    """
    absl_logging.set_verbosity(absl_logging.WARNING)
    logging.getLogger("ntaa_tf").setLevel(logging.INFO)

    def act() -> None:
        refuse_words(arguments[1:])
        (follow or _follow)(read_recipe(**fixed))

    return end(
        act,
        failures=(tf.errors.OpError,),
        explain=explain,
        stopped=GOES_ON,
    )


def _follow(recipe: Recipe) -> None:
    if flags.FLAGS["inspect"].value:
        print(inspect(recipe))
        return
    metrics = run(recipe)
    if not is_silent(recipe.distribute):
        _tell(metrics)
    # Of all workers: a scheduler begins those anew that failed.
    _raise_failures(metrics)


def _tell(metrics: dict[str, Any]) -> None:
    print(format_table(metrics))
    if keeps_plain(metrics):
        print(KEPT)
    if "target_labels" in metrics:
        print(
            f"{metrics['target_labels']:,} training images of the target "
            "judged the architecture, by their labels."
        )


def _raise_failures(metrics: dict[str, Any]) -> None:
    failures = list_failures(metrics["exports"])
    if failures:
        told = "; ".join(f"{name} {why}" for name, why in failures.items())
        raise RuntimeError(
            f"Not everything can be served: {told}. The rest is finished. To "
            "export again, first remove `export` and `metrics.json` from the "
            "work directory."
        )


def _strip_none(annotation: typing.Any) -> type:
    if isinstance(annotation, types.UnionType):
        kinds = typing.get_args(annotation)
        return next(kind for kind in kinds if kind is not types.NoneType)
    return annotation


if __name__ == "__main__":
    define_flags()
    app.run(main, flags_parser=make_parser(__doc__, HEADINGS))
