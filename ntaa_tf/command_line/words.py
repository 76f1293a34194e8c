"""Parsing of a command line into flags."""

import itertools
import os
import re
import sys
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NoReturn

from absl import flags

from ntaa_tf.command_line.ending import BAD_INPUT
from ntaa_tf.command_line.ending import DONE
from ntaa_tf.command_line.guidance import Heading
from ntaa_tf.command_line.guidance import list_others
from ntaa_tf.command_line.guidance import show_all
from ntaa_tf.command_line.guidance import show_everyday

_EVERYDAY = ("--help", "-help", "-h", "-?", "--helpshort", "-helpshort")
_ALL = ("--helpfull", "-helpfull")
_NO_BOOLEAN = re.compile(r"\('Non-boolean argument to boolean flag', .*\)")


def check_no_words(words: Sequence[str]) -> None:
    """Raise a ValueError if a command line has words that are no flags."""
    if words:
        raise ValueError(
            f"Unexpected words on the command line: {' '.join(words)}. Write "
            "flags as --name=value."
        )


def make_parser(
    about: str | None,
    headings: Sequence[Heading] | None = None,
    values: flags.FlagValues = flags.FLAGS,
    messages: Mapping[str, str] | None = None,
    prepare: Callable[[list[str]], list[str]] = list,
) -> Callable[[list[str]], list[str]]:
    """Build the flag parser of a command, for `absl.app.run`.

    It answers a request for help. Wrong flags end the command with status 2.

    Args:
        about: purpose of the command, with examples of its use.
        headings: headings of the help; by default one with all flags that the
            running script defines, in their order.
        values: collection that gets the values of the flags.
        messages: messages for unknown flags, by their names.
        prepare: function that changes the command line before it is parsed;
            its ValueError is an error of the user.

    Returns:
        A function of the command line's words, the program's name first, that
        returns the words that are no flags.
    """

    def parse(arguments: list[str]) -> list[str]:
        own = [*itertools.takewhile(lambda word: word != "--", arguments[1:])]
        asked = [word for word in own if word in (*_EVERYDAY, *_ALL)]
        if asked:
            show_and_exit(
                _answer(about or "", headings, values, asked[0] in _ALL)
            )
        if "--flagfile=" in own:  # A shell did not know the variable.
            print("error: --flagfile is empty. Name a file.", file=sys.stderr)
            sys.exit(BAD_INPUT)
        try:
            words: list[str] = values(prepare(arguments))
        except (flags.Error, OSError, ValueError) as error:
            print(
                f"error: {explain_flag(error, messages or {})}", file=sys.stderr
            )
            sys.exit(BAD_INPUT)
        return words

    return parse


def explain_flag(error: Exception, messages: Mapping[str, str]) -> str:
    """Return the text of a flag's error.

    Args:
        error: error of absl's parser, or of a file of flags.
        messages: messages for unknown flags, by their names.

    Example:
    >>> error = flags.UnrecognizedFlagError("nofast")
    >>> explain_flag(error, {"fast": "There is no --fast."})
    'There is no --fast.'
    """
    former = getattr(error, "flagname", "")
    for prefix in ("", "no"):
        if message := messages.get(former.removeprefix(prefix)):
            return message
    # absl shows the arguments of an error inside as a tuple.
    text = _NO_BOOLEAN.sub("expected true or false", str(error))
    return text.removeprefix("ERROR:: ")


def _answer(
    about: str,
    headings: Sequence[Heading] | None,
    values: flags.FlagValues,
    wants_all: bool,
) -> str:
    if headings is not None and not wants_all:
        return show_everyday(about, values, headings)
    shown = headings or [_list_own(values)]
    if wants_all:
        shown = [*shown, list_others(values, shown)]
    return show_all(about, values, shown)


def _list_own(values: flags.FlagValues) -> Heading:
    """Return a heading of the flags that the running script defines."""
    own = values.get_key_flags_for_module(sys.argv[0])
    return Heading("Flags", others=tuple(flag.name for flag in own))


def show_and_exit(text: str) -> NoReturn:
    """Print a text that a user asked for, and exit with success.

    Args:
        text: the text.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:  # A reader such as `head` has closed the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(DONE)
