"""The flags of a command line, made from the sections of a recipe."""

import functools
import types
import typing
from collections.abc import Sequence
from typing import Any

from absl import flags

from ntaa_tf.command_line import Heading
from ntaa_tf.recipe.recipe import SECTIONS
from ntaa_tf.recipe.recipe import Recipe
from ntaa_tf.recipe.recipe import fill_sections
from ntaa_tf.recipe.recipe import list_choices
from ntaa_tf.recipe.recipe import list_unused
from ntaa_tf.recipe.recipe import make_recipe

_DEFINE = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define a flag for every choice of a recipe, with its default.

    Args:
        values: collection that gets the flags; by default absl's own.
    """
    for section, field, described in list_choices():
        hints = typing.get_type_hints(SECTIONS[section])
        kind = _strip_none(hints[field.name])
        define = _DEFINE[kind]
        if described.options and kind is str:
            options = described.options
            define = functools.partial(flags.DEFINE_enum, enum_values=options)
        text = described.help
        if described.used_with is not None:
            text += f" Used only with {described.used_with.text}."
        define(field.name, field.default, help=text, flag_values=values)


def read_recipe(values: flags.FlagValues = flags.FLAGS, **fixed: Any) -> Recipe:
    """Build the recipe of parsed flags.

    Args:
        values: parsed flags.
        **fixed: choices that the command makes itself; they win over flags.

    Raises:
        ValueError: if `make_recipe` refuses a choice.
    """
    names = [field.name for _, field, _ in list_choices()]
    given = {name: values[name].value for name in names if values[name].present}
    return make_recipe(**given | fixed)


def list_headings() -> tuple[Heading, ...]:
    """List the sections as the headings of a command's help."""
    headings = []
    for name, section in SECTIONS.items():
        briefs = {
            field.name: described.brief
            for owner, field, described in list_choices()
            if owner == name
        }
        everyday = {flag: brief for flag, brief in briefs.items() if brief}
        others = tuple(flag for flag, brief in briefs.items() if not brief)
        headings.append(Heading(section.title, everyday, others))
    return tuple(headings)


def list_unused_flags(words: Sequence[str]) -> frozenset[str]:
    """List the given flags of a command that have no effect, by name.

    Args:
        words: flags as on a command line.

    Raises:
        ValueError: if a flag is unknown or malformed.

    Example:
    >>> sorted(list_unused_flags(["--method=finetune", "--confidence=0.1"]))
    ['confidence']
    """
    values = flags.FlagValues()
    define_flags(values)
    try:
        values(["", *words])
    except flags.Error as error:
        raise ValueError(str(error)) from error
    names = [field.name for _, field, _ in list_choices()]
    recipe = fill_sections({name: values[name].value for name in names})
    return frozenset(n for n in list_unused(recipe) if values[n].present)


def _strip_none(annotation: Any) -> type:
    """Return `T` of an annotation `T | None`, or the annotation itself."""
    if isinstance(annotation, types.UnionType):
        kinds = typing.get_args(annotation)
        return next(kind for kind in kinds if kind is not types.NoneType)
    return typing.cast(type, annotation)
