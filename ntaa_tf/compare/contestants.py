"""The sides of a comparison, each with the flags of its runs."""

import re
import shlex
from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ntaa_tf.recipe.flags import list_unused_flags
from ntaa_tf.recipe.methods import METHODS

NAME = re.compile(r"\w[\w.+-]*")
PLAIN = "finetune"


@dataclass(frozen=True)
class Contestant:
    """One side of a comparison: a name for flags of `ntaa_tf.adapt`.

    Args:
        name: letters, digits, `_`, `.`, `+` and `-`; it names a directory.
        flags: the flags in which it differs from the others.
    """

    name: str
    flags: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Contestant":
        """Parse a name and flags, separated by spaces.

        Raises:
            ValueError: if the text has another form.

        Example:
        >>> Contestant.parse("paper --method=ntaa --start=paper")
        Contestant(name='paper', flags=('--method=ntaa', '--start=paper'))
        """
        name, *flags = shlex.split(text) or [""]
        if not NAME.fullmatch(name) or not all(
            flag.startswith("--") for flag in flags
        ):
            raise ValueError(
                "--variant needs a name and flags, as in "
                f"'paper --method=ntaa --start=paper'. Received: {text!r}."
            )
        return cls(name, tuple(flags))


def list_contestants(
    methods: Sequence[str],
    variants: Sequence[str],
    image_sizes: Sequence[str] = (),
) -> list[Contestant]:
    """List the contestants: methods, variants, and plain finetuning by size.

    Args:
        methods: names of methods.
        variants: a name and flags each.
        image_sizes: sides of images in pixels. Plain finetuning at each is a
            contestant.

    Raises:
        ValueError: if there are fewer than two, if two have the same name, or
            if a method is unknown.

    Example:
    >>> for contestant in list_contestants(["ntaa"], [], ["72"]):
    ...     print(contestant.name, *contestant.flags)
    ntaa --method=ntaa
    finetune_72px --method=finetune --image_size=72
    """
    unknown = sorted(set(methods) - set(METHODS))
    if unknown:
        raise ValueError(
            f"Unknown in --methods: {', '.join(unknown)}. Choose some of "
            f"{', '.join(METHODS)}."
        )
    contestants = [Contestant(m, (f"--method={m}",)) for m in methods]
    contestants += [Contestant.parse(text) for text in variants]
    contestants += [
        Contestant(
            f"{PLAIN}_{size}px", (f"--method={PLAIN}", f"--image_size={size}")
        )
        for size in image_sizes
    ]
    names = [contestant.name for contestant in contestants]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(
            "--methods, --variant and --image_sizes together need at least two "
            f"different names. Received: {names}."
        )
    return contestants


def share_flags(
    contestants: Sequence[Contestant], common: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return the common flags of each contestant, by its name.

    A method refuses flags that only other methods use, so each contestant
    gets the flags that it uses. A flag that none uses is given to all, and
    refused.

    Args:
        contestants: contestants of the comparison.
        common: flags of all runs.

    Raises:
        ValueError: if a flag is malformed or unknown.
    """
    stray = [word for word in common if not word.startswith("-")]
    if stray:
        # The flag of a value apart could not be left out together with it.
        raise ValueError(
            f"Unexpected words in --flags or --recipe: {' '.join(stray)}. "
            "Write flags as --name=value."
        )
    # Any seed and directory will do to parse the flags.
    templates = {"{seed}": "0", "{workdir}": "workdir"}
    words = list(common)
    unused = {}
    for contestant in contestants:
        flags = [*words, *contestant.flags]
        for name, value in templates.items():
            flags = [flag.replace(name, value) for flag in flags]
        unused[contestant.name] = list_unused_flags(flags)
    by_none = frozenset.intersection(*unused.values())
    return {
        name: tuple(
            word for word in words if not _is_of(word, dropped - by_none)
        )
        for name, dropped in unused.items()
    }


def _is_of(word: str, names: Collection[str]) -> bool:
    """Tell whether a word gives one of some flags, also as --noflag."""
    name = word.lstrip("-").partition("=")[0]
    return name in names or name.removeprefix("no") in names


def read_flags(recipe: Path) -> list[str]:
    """Read the flags of a recipe file.

    They are passed one by one, not as --flagfile: so a later change of the
    file is noticed.
    """
    lines = map(str.strip, recipe.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
