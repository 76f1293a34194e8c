"""Adapt a pretrained Keras model to a data set, from the command line.

    python -m ntaa_tf.adapt --model=resnet50 --dataset=cifar10

Without flags a small network for the digits 0 to 4 learns the digits 5 to 9.
"""

import dataclasses
import logging
import os
import sys
import types
import typing

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags
from absl import logging as absl_logging

from ntaa_tf.pipeline import inspect
from ntaa_tf.pipeline import name_workdir
from ntaa_tf.pipeline import run
from ntaa_tf.recipe import Recipe
from ntaa_tf.report import format_table
from ntaa_tf.training import DivergenceError

BAD_INPUT = 2
DIVERGED = 1

_DEFINE = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def define_flags() -> None:
    """Define a flag for every field of `Recipe`, with its default."""
    types_of = typing.get_type_hints(Recipe)
    for field in dataclasses.fields(Recipe):
        help_text, choices = field.metadata["help"], field.metadata["choices"]
        if choices:
            flags.DEFINE_enum(field.name, field.default, choices, help_text)
        else:
            define = _DEFINE[_strip_none(types_of[field.name])]
            define(field.name, field.default, help_text)
    flags.DEFINE_boolean(
        "inspect",
        False,
        "Print every convolution, whether it is searched, and what the "
        "supernet costs; train nothing.",
    )


def main(arguments: list[str]) -> int:
    """Run the recipe that the flags give.

    Returns:
        The exit status: 0, 2 for input that can't be followed, 1 for a loss
        that is no longer finite.
    """
    absl_logging.set_verbosity(absl_logging.WARNING)
    logging.getLogger("ntaa_tf").setLevel(logging.INFO)
    try:
        _refuse_words(arguments[1:])
        recipe = Recipe(
            **{
                field.name: flags.FLAGS[field.name].value
                for field in dataclasses.fields(Recipe)
            }
        )
        if flags.FLAGS["inspect"].value:
            print(inspect(recipe))
            return 0
        metrics = run(recipe)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except DivergenceError as error:
        print(f"error: {error}", file=sys.stderr)
        return DIVERGED
    print(format_table(metrics))
    print(f"All of it is in {name_workdir(recipe)}; open report.html there.")
    return 0


def _refuse_words(words: list[str]) -> None:
    if words:
        raise ValueError(
            "Invalid command line. Expected flags only, as --name=value. "
            f"Received: {' '.join(words)}."
        )


def _strip_none(annotation: typing.Any) -> type:
    if isinstance(annotation, types.UnionType):
        kinds = typing.get_args(annotation)
        return next(kind for kind in kinds if kind is not types.NoneType)
    return annotation


if __name__ == "__main__":
    define_flags()
    app.run(main)
