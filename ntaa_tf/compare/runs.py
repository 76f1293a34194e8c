"""The runs of a comparison, each kept in a directory of its own."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ntaa_tf.compare.contestants import Contestant
from ntaa_tf.compare.contestants import share_flags
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.run_directory import METRICS_FILE
from ntaa_tf.storage.run_metrics import RunMetrics
from ntaa_tf.storage.run_metrics import read_run_metrics

CONTESTANTS_FILE = "contestants.json"


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
