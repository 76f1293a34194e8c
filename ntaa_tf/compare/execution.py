"""The execution of a comparison's runs: one process each, some in parallel."""

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

from ntaa_tf.command_line import STOPPED
from ntaa_tf.compare.runs import Run

LINES_OF_A_LOG = 5

logger = logging.getLogger(__name__)


def run_missing(runs: Sequence[Run], jobs: int) -> list[Run]:
    """Execute unfinished runs; interrupted ones resume.

    Args:
        runs: all runs.
        jobs: number of seeds in parallel. The runs of one seed are executed in
            their order, since a run may read files of an earlier one.

    Returns:
        The runs that failed. Their output is in `<path>.log`.
    """
    missing = [run for run in runs if not run.is_finished]
    logger.info("%d of %d runs are missing", len(missing), len(runs))
    seeds = [
        list(group)
        for _, group in itertools.groupby(missing, lambda run: run.seed)
    ]
    environment = os.environ | share_cores(jobs)
    crew = _Crew(environment)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            failed = list(pool.map(crew.execute_all, seeds))
        except BaseException:  # Also an interrupt must end the runs.
            crew.stop()
            raise
    return list(itertools.chain.from_iterable(failed))


def share_cores(jobs: int) -> dict[str, str]:
    """Divide the cores among parallel processes.

    If each process used a thread for every core, they would slow one another.

    Args:
        jobs: number of parallel processes.

    Returns:
        Environment variables that limit the threads of a process; empty for
        a single one.
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
        environment: environment variables of the processes.
    """

    def __init__(self, environment: Mapping[str, str]):
        self._environment = environment
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stopped = threading.Event()

    def execute_all(self, runs: Sequence[Run]) -> list[Run]:
        """Execute runs one after the other; return those that failed."""
        return [run for run in runs if self._execute(run)]

    def stop(self) -> None:
        """Terminate the current runs, and start no others."""
        self._stopped.set()
        for process in list(self._processes):
            process.terminate()

    def _execute(self, run: Run) -> int:
        if self._stopped.is_set():
            return STOPPED
        log = run.path.with_suffix(".log")
        log.parent.mkdir(parents=True, exist_ok=True)
        logger.info("%s seed %d: started", run.contestant.name, run.seed)
        status = self._wait_for(run.command, log)
        if not self._stopped.is_set():
            _log_result(run, status, log)
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


def _log_result(run: Run, status: int, log: Path) -> None:
    """Log the test error of a run, or the last lines before it failed."""
    if status:
        lines = log.read_text("utf-8").splitlines()[-LINES_OF_A_LOG:]
        command, last = shlex.join(run.command), "\n".join(lines)
        logger.error("%s failed:\n%s", command, last)
        return
    error = run.read_metrics().adapted.test_error
    logger.info(
        "%s seed %d: %.2f %% test error", run.contestant.name, run.seed, error
    )
