"""The runs of a comparison: each a process, kept in a directory of its own."""

import concurrent.futures
import itertools
import logging
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntaa_tf.command_line import STOPPED
from ntaa_tf.files import read_json
from ntaa_tf.files import write_json
from ntaa_tf.methods import METHODS

METRICS_FILE = "metrics.json"
CONTESTANTS_FILE = "contestants.json"
LINES_OF_A_LOG = 5
NAME = re.compile(r"\w[\w.+-]*")

logger = logging.getLogger(__name__)


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


def run_missing(runs: Sequence[Run], jobs: int) -> list[Run]:
    """Run what is not finished, and go on with what was interrupted.

    Args:
        runs: all of them.
        jobs: how many seeds are worked on at one time; the runs of a seed
            are done in their order, as one may read what another left.

    Returns:
        The runs that failed; what they wrote is in `<path>.log`.
    """
    missing = [run for run in runs if not run.is_finished]
    logger.info("%d of %d runs are to be done", len(missing), len(runs))
    seeds = [
        list(of_seed)
        for _, of_seed in itertools.groupby(missing, lambda run: run.seed)
    ]
    environment = os.environ | share_cores(jobs)
    crew = _Crew(environment)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            failed = list(pool.map(crew.execute_all, seeds))
        except BaseException:  # Whatever ends this process ends the runs.
            crew.stop()
            raise
    return [run for of_seed in failed for run in of_seed]


def share_cores(jobs: int) -> dict[str, str]:
    """Give every one of several processes its share of the cores.

    Processes that each count on all cores wait for one another.

    Args:
        jobs: how many processes run at one time.

    Returns:
        Environment variables; none for a single process.
    """
    if jobs == 1:
        return {}
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    return dict.fromkeys(
        (
            "OMP_NUM_THREADS",
            "TF_NUM_INTEROP_THREADS",
            "TF_NUM_INTRAOP_THREADS",
        ),
        threads,
    )


def read_flags(recipe: Path) -> list[str]:
    """Read the flags of a recipe's file, so that a change of it is seen."""
    lines = map(str.strip, recipe.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


class _Crew:
    """Executes runs in several threads, until it is stopped.

    Args:
        environment: variables of the processes.
    """

    def __init__(self, environment: Mapping[str, str]):
        self._environment = environment
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stopped = threading.Event()

    def execute_all(self, runs: Sequence[Run]) -> list[Run]:
        """Execute runs in turn; give those that fail."""
        return [run for run in runs if self._execute(run)]

    def stop(self) -> None:
        """End the runs that are under way; begin no others."""
        self._stopped.set()
        for process in list(self._processes):
            process.terminate()

    def _execute(self, run: Run) -> int:
        if self._stopped.is_set():
            return STOPPED
        log = run.path.with_suffix(".log")
        log.parent.mkdir(parents=True, exist_ok=True)
        logger.info("%s seed %d: begins", run.contestant.name, run.seed)
        status = self._wait_for(run.command, log)
        if not self._stopped.is_set():
            _tell(run, status, log)
        return status

    def _wait_for(self, command: Sequence[str], log: Path) -> int:
        with log.open("a", encoding="utf-8") as written:
            process = subprocess.Popen(
                command,
                env=self._environment,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        if self._stopped.is_set():
            process.terminate()
        return process.wait()


def _tell(run: Run, status: int, log: Path) -> None:
    """Tell the error that a run measured, or how it failed."""
    if status:
        lines = log.read_text("utf-8").splitlines()[-LINES_OF_A_LOG:]
        command, last = shlex.join(run.command), "\n".join(lines)
        logger.error("%s failed:\n%s", command, last)
        return
    error = run.read_metrics()["adapted"]["test_error"]
    logger.info(
        "%s seed %d: %.2f %% test error", run.contestant.name, run.seed, error
    )


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
