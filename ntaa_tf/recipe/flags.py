"""The flags of a command line, made from the sections of a recipe."""

import functools
import logging
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from absl import flags

from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import explain_flag
from ntaa_tf.recipe.kinds import find_kinds
from ntaa_tf.recipe.making import make_recipe
from ntaa_tf.recipe.making import make_unchecked
from ntaa_tf.recipe.recipe import SECTIONS
from ntaa_tf.recipe.recipe import Recipe
from ntaa_tf.recipe.recipe import list_choices
from ntaa_tf.recipe.recipe import list_unused
from ntaa_tf.recipe.renamed import MESSAGES

logger = logging.getLogger(__name__)

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
        kind = find_kinds(SECTIONS[section])[field.name].type
        define = _DEFINE[kind]
        if described.options and kind is str:
            options = described.options
            define = functools.partial(flags.DEFINE_enum, enum_values=options)
        text = described.help
        if described.used_with is not None:
            text += f" Used only with {described.used_with.text}."
        define(field.name, field.default, help=text, flag_values=values)


def read_recipe(
    values: flags.FlagValues = flags.FLAGS,
    words: Sequence[str] | None = None,
    **fixed: Any,
) -> Recipe:
    """Build the recipe of parsed flags.

    A flag file serves several methods, so its flags without effect are left
    out. Such a flag on the command line itself is refused.

    Args:
        values: parsed flags.
        words: words of the command line; all flags are its own when None.
        **fixed: choices that the command makes itself; they win over flags.

    Raises:
        ValueError: if `make_recipe` refuses a choice.
    """
    choices = _list_given(values) | fixed
    own = choices.keys() if words is None else {*_list_names(words), *fixed}
    unused = sorted(list_unused(make_unchecked(choices)) & choices.keys() - own)
    if unused:
        logger.info(
            "flags of the flag file without effect: --%s", ", --".join(unused)
        )
    return make_recipe(**{n: v for n, v in choices.items() if n not in unused})


def _list_names(words: Sequence[str]) -> Iterator[str]:
    """List the names of flags on a command line, as --name or --noname."""
    for word in words:
        name = word.lstrip("-").partition("=")[0]
        yield from (name, name.removeprefix("no"))


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
        raise ValueError(explain_flag(error, MESSAGES)) from error
    given = _list_given(values)
    return list_unused(make_unchecked(given)).intersection(given)


def _list_given(values: flags.FlagValues) -> dict[str, Any]:
    """List the choices that a user made, by name."""
    names = [field.name for _, field, _ in list_choices()]
    return {name: values[name].value for name in names if values[name].present}
