"""The runs of a comparison, each kept in a directory of its own."""

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntaa_tf.recipe.methods import METHODS
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json

METRICS_FILE = "metrics.json"
CONTESTANTS_FILE = "contestants.json"
NAME = re.compile(r"\w[\w.+-]*")


@dataclass(frozen=True)
class Contestant:
    """What is compared: flags of `ntaa_tf.adapt`, by a name.

    Args:
        name: letters, digits and the like; it names a directory.
        flags: what makes it differ from the others.
    """

    name: str
    flags: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Contestant":
        """Read a name and flags, separated by spaces.

        Raises:
            ValueError: if it is not of this form.

        Example:
        >>> Contestant.parse("paper --method=ntaa --start=paper")
        Contestant(name='paper', flags=('--method=ntaa', '--start=paper'))
        """
        name, *flags = shlex.split(text) or [""]
        if not NAME.fullmatch(name) or not all(
            flag.startswith("--") for flag in flags
        ):
            raise ValueError(
                "Invalid value for `variant`. Expected a name and flags, as in "
                f"'paper --method=ntaa --start=paper'. Received: {text!r}."
            )
        return cls(name, tuple(flags))


@dataclass(frozen=True)
class Run:
    """One run: a contestant with a seed.

    Args:
        contestant: what is run.
        seed: of everything random.
        workdir: of the comparison.
        common: flags that all runs have. In these and the contestant's,
            `{seed}` and `{workdir}` stand for those of the run.
    """

    contestant: Contestant
    seed: int
    workdir: Path
    common: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """The command that runs it, or goes on with it."""
        known = {"{seed}": str(self.seed), "{workdir}": str(self.workdir)}
        flags = [*self.common, *self.contestant.flags]
        for name, value in known.items():
            flags = [flag.replace(name, value) for flag in flags]
        return [
            *(sys.executable, "-m", "ntaa_tf.adapt", *flags),
            *("--baseline=false", f"--seed={self.seed}"),
            f"--workdir={self.path}",
        ]

    @property
    def path(self) -> Path:
        """The work directory of the run."""
        return self.workdir / self.contestant.name / f"seed{self.seed}"

    @property
    def is_finished(self) -> bool:
        """Whether its metrics are there."""
        return (self.path / METRICS_FILE).exists()

    def read_metrics(self) -> dict[str, Any]:
        """Read what it measured."""
        metrics: dict[str, Any] = read_json(self.path / METRICS_FILE)
        return metrics


def list_contestants(
    methods: Sequence[str], variants: Sequence[str]
) -> list[Contestant]:
    """List what is compared: methods by their names, and variants.

    Raises:
        ValueError: if there are fewer than two, or two of one name, or a
            method is unknown.
    """
    unknown = sorted(set(methods) - set(METHODS))
    if unknown:
        raise ValueError(
            f"Invalid value for `methods`. Expected some of {list(METHODS)}. "
            f"Received: {unknown}."
        )
    contestants = [Contestant(m, (f"--method={m}",)) for m in methods]
    contestants += [Contestant.parse(text) for text in variants]
    names = [contestant.name for contestant in contestants]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(
            "Invalid value for `methods`. Expected, with --variant, at least "
            f"two different names. Received: {names}."
        )
    return contestants


def list_runs(
    contestants: Sequence[Contestant],
    num_seeds: int,
    workdir: Path,
    common: Sequence[str],
) -> list[Run]:
    """List all runs, seed by seed, so that an early end leaves whole rows.

    Raises:
        ValueError: if the directory keeps a contestant of other flags.
    """
    _keep_contestants(contestants, workdir, common)
    return [
        Run(contestant, seed, workdir, tuple(common))
        for seed in range(num_seeds)
        for contestant in contestants
    ]


def read_flags(recipe: Path) -> list[str]:
    """Read the flags of a recipe's file, so that a change of it is seen."""
    lines = map(str.strip, recipe.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _keep_contestants(
    contestants: Sequence[Contestant], workdir: Path, common: Sequence[str]
) -> None:
    """Note the flags of every contestant; refuse others of the same name."""
    workdir.mkdir(parents=True, exist_ok=True)
    file = workdir / CONTESTANTS_FILE
    kept: dict[str, list[str]] = read_json(file) if file.exists() else {}
    flags = {c.name: [*common, *c.flags] for c in contestants}
    for name, those in flags.items():
        if kept.get(name, those) != those:
            raise ValueError(
                "Invalid value for `workdir`. Expected a directory in which "
                f"{name} was run with {those}. Received: {workdir}, where it "
                f"was run with {kept[name]}."
            )
    write_json(file, {**kept, **flags})
