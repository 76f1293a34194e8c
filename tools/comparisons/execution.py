"""Runs of a comparison are executed: each a process, several at one time."""

import concurrent.futures
import itertools
import logging
import os
import shlex
import subprocess
import threading
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

from comparisons.runs import Run
from ntaa_tf.command_line import STOPPED

LINES_OF_A_LOG = 5

logger = logging.getLogger(__name__)


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
