"""The help of a command: short with everyday flags, or with all flags."""

import dataclasses
import textwrap
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from absl import flags

WIDTH = 79
MORE = "More with --helpfull."
OTHERS = "Flags of the program and its libraries"


@dataclasses.dataclass(frozen=True)
class Heading:
    """Flags that belong together.

    Args:
        title: title of the flags.
        everyday: flags of the short help, each with its meaning in a line.
        others: flags of the full help only.
    """

    title: str
    everyday: Mapping[str, str] = dataclasses.field(default_factory=dict)
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all its flags."""
        return (*self.everyday, *self.others)

    def without(self, names: Sequence[str]) -> "Heading":
        """Return this heading without some flags.

        Example:
        >>> Heading("Output", {"seed": "a number"}, ("out",)).without(["out"])
        Heading(title='Output', everyday={'seed': 'a number'}, others=())
        """
        return Heading(
            self.title,
            {n: text for n, text in self.everyday.items() if n not in names},
            tuple(name for name in self.others if name not in names),
        )


def show_everyday(
    about: str, values: flags.FlagValues, headings: Sequence[Heading]
) -> str:
    """Write the short help: a line for each flag of everyday use.

    Args:
        about: purpose of the command, with examples of its use.
        values: defined flags.
        headings: headings in their order; one without everyday flags is left
            out.
    """
    shown = [heading for heading in headings if heading.everyday]
    width = 2 + max(len(name) for of in shown for name in of.everyday)
    parts = [about.strip()]
    for heading in shown:
        lines = [
            f"  {'--' + name:{width}}  {text}{_note_default(values[name])}"
            for name, text in heading.everyday.items()
        ]
        parts.append("\n".join([heading.title, *lines]))
    return "\n\n".join([*parts, MORE])


def show_all(
    about: str, values: flags.FlagValues, headings: Sequence[Heading]
) -> str:
    """Write the full help: meaning, choices and default of each flag.

    Args:
        about: purpose of the command, with examples of its use.
        values: defined flags.
        headings: headings in their order.
    """
    parts = [about.strip()]
    for heading in headings:
        described = (_describe(values[name]) for name in heading.names)
        parts.append("\n".join([heading.title, *described]))
    return "\n\n".join(parts)


def list_others(
    values: flags.FlagValues, headings: Sequence[Heading]
) -> Heading:
    """Return a heading of the flags that no other heading has."""
    named = {name for heading in headings for name in heading.names}
    # absl lists a flag with a short name twice.
    all_names = {values[name].name for name in values}
    return Heading(OTHERS, others=tuple(sorted(all_names - named)))


def _describe(flag: flags.Flag) -> str:
    """Write the name, meaning, choices and default of a flag."""
    text = " ".join(_list_sentences(flag))
    indent = 6 * " "
    wrapped = textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent
    )
    return f"  --{'[no]' if flag.boolean else ''}{flag.name}\n{wrapped}"


def _list_sentences(flag: flags.Flag) -> Iterator[str]:
    meaning = " ".join((flag.help or "").split())
    choices = getattr(flag.parser, "enum_values", ())
    # absl puts the choices before the meaning.
    meaning = meaning.removeprefix(f"<{'|'.join(map(str, choices))}>: ")
    yield meaning if meaning.endswith((".", "?")) else f"{meaning}."
    if choices:
        yield f"One of {', '.join(map(str, choices))}."
    if flag.default is not None:
        yield f"Default: {_write(flag)}."


def _note_default(flag: flags.Flag) -> str:
    """Write the default in brackets, unless there is none or it is off."""
    if flag.default is None or flag.default is False:
        return ""
    return f" ({_write(flag)})"


def _write(flag: flags.Flag) -> str:
    """Write a default as on a command line."""
    default: Any = flag.default
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, (list, tuple)):
        return ",".join(map(str, default)) or "none"
    return str(default) or "empty"
