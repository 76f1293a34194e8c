"""The runs of a comparison, each kept in a directory of its own."""

import re
import shlex
import sys
from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ntaa_tf.recipe.flags import list_unused_flags
from ntaa_tf.recipe.methods import METHODS
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.run_directory import METRICS_FILE
from ntaa_tf.storage.run_metrics import RunMetrics
from ntaa_tf.storage.run_metrics import read_run_metrics

CONTESTANTS_FILE = "contestants.json"
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


@dataclass(frozen=True)
class Run:
    """One run: a contestant with a seed.

    Args:
        contestant: the contestant.
        seed: random seed.
        workdir: directory of the comparison.
        common: flags of all runs. In these and in the contestant's flags,
            `{seed}` and `{workdir}` are replaced by the values of this run.
    """

    contestant: Contestant
    seed: int
    workdir: Path
    common: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """The command that starts or resumes the run."""
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
        """The run directory."""
        return self.workdir / self.contestant.name / f"seed{self.seed}"

    @property
    def is_finished(self) -> bool:
        """Whether the run has written its metrics."""
        return (self.path / METRICS_FILE).exists()

    def read_metrics(self) -> RunMetrics:
        """Read the metrics of the finished run."""
        return read_run_metrics(self.path)


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


def list_runs(
    contestants: Sequence[Contestant],
    num_seeds: int,
    workdir: Path,
    common: Sequence[str],
) -> list[Run]:
    """List all runs, seed by seed.

    In this order, an early end leaves seeds that all contestants finished.

    Raises:
        ValueError: if the directory has a contestant with the same name and
            other flags.
    """
    # Wrong flags are refused first: kept, they would block the directory.
    shared = share_flags(contestants, common)
    _keep_contestants(contestants, workdir, common)
    return [
        Run(contestant, seed, workdir, shared[contestant.name])
        for seed in range(num_seeds)
        for contestant in contestants
    ]


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


def _keep_contestants(
    contestants: Sequence[Contestant], workdir: Path, common: Sequence[str]
) -> None:
    """Record the flags of every contestant; refuse changed ones."""
    workdir.mkdir(parents=True, exist_ok=True)
    file = workdir / CONTESTANTS_FILE
    kept: dict[str, list[str]] = read_json(file) if file.exists() else {}
    flags = {c.name: [*common, *c.flags] for c in contestants}
    for name, given in flags.items():
        if kept.get(name, given) != given:
            raise ValueError(
                f"In {workdir}, {name} was run with {kept[name]}, but is given "
                f"{given}. Choose another --workdir, or another name."
            )
    write_json(file, {**kept, **flags})
