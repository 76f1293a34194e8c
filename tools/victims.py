"""Start a command and kill it: all of its processes, or one worker."""

import contextlib
import os
import random
import re
import signal
import subprocess
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The line that `ntaa launch` prints when it starts a worker.
WORKER = re.compile(r"^\[\d+\] process (\d+)$", re.M)
# A worker logs the start of a stage when all workers are connected.
STAGE_STARTED = re.compile(
    r"^\[\d+\] .*: (begins|starts|started|[0-9]+ epochs|done in)\b", re.M
)
# The last line of a worker: an error, such as that another worker is lost, or
# the end of the run.
ENDED = re.compile(r"^\[\d+\] (error: |.*\breport\.html\b)", re.M)
# `ntaa launch` prints this about a worker that it had to kill.
KILLED_LATE = "did not end by itself"
# Seconds for the other workers to end: the grace of the launch, and a margin.
END_SECONDS = 120


@dataclass(frozen=True)
class Attempt:
    """A running command, in a process group of its own.

    Args:
        process: process of the command.
        log: file of its output, which earlier attempts may have written too.
        begin: position in `log`, in bytes, where its own output starts.
    """

    process: subprocess.Popen[bytes]
    log: Path
    begin: int

    def ends_in(self, seconds: float) -> bool:
        """Wait for the end of the command; return whether it has ended.

        Args:
            seconds: longest wait.
        """
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def read(self) -> str:
        """Read the output of the command so far."""
        with self.log.open("rb") as file:
            file.seek(self.begin)
            return file.read().decode("utf-8", "replace")


def start(command: Sequence[str], log: Path) -> Attempt:
    """Start a command.

    Args:
        command: words of the command.
        log: file to which its output is appended.
    """
    with log.open("ab") as file:
        begin = file.tell()
        process = subprocess.Popen(
            command, stdout=file, stderr=file, start_new_session=True
        )
    return Attempt(process, log, begin)


def kill_all(attempt: Attempt, draw: random.Random) -> str:
    """Kill a command and all processes that it has started.

    Returns:
        An empty string: no complaint about the end.
    """
    os.killpg(attempt.process.pid, signal.SIGKILL)
    attempt.process.wait()
    return ""


def kill_worker(attempt: Attempt, draw: random.Random) -> str:
    """Kill one worker of a launch, and check how the others end.

    A launch without workers yet is killed as a whole.

    Args:
        attempt: running launch.
        draw: random number generator that chooses the worker.

    Returns:
        A complaint about the end: the others did not stop, no error was
        printed, or a traceback was. Empty if the end was right.
    """
    workers = [int(number) for number in WORKER.findall(attempt.read())]
    if not workers:
        return kill_all(attempt, draw)
    with contextlib.suppress(ProcessLookupError):  # It may just have ended.
        os.kill(draw.choice(workers), signal.SIGKILL)
    if attempt.ends_in(END_SECONDS):
        return _judge(attempt.process.returncode, attempt.read())
    kill_all(attempt, draw)
    return "the other workers did not stop"


def _judge(status: int, output: str) -> str:
    if "Traceback" in output:
        return "a traceback was printed"
    # Either all workers had ended before the kill, or none was connected:
    # a worker that still waits for the others can't notice a loss.
    if status == 0 or not STAGE_STARTED.search(output):
        return ""
    if KILLED_LATE in output:
        return "the other workers did not stop"
    return "" if ENDED.search(output) else "no error was printed"


VICTIMS: dict[str, Callable[[Attempt, random.Random], str]] = {
    "all": kill_all,
    "worker": kill_worker,
}
