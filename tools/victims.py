"""Who is killed: a command with all that it has started, or one worker."""

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

# As `tools/launch.py` names each worker that it starts.
WORKER = re.compile(r"^\[\d+\] process (\d+)$", re.M)
# What a worker says when another is lost, and when it is done itself.
TOLD = re.compile(r"^\[\d+\] (error: |.*; open report.html there)", re.M)
# What a worker says when all have met, and what launch says of one that has
# to be killed as well.
MET, WENT_ON = ": begins", "did not end by itself"
# By when the others have ended: launch's grace, and some more.
END_SECONDS = 120


@dataclass(frozen=True)
class Attempt:
    """A command under way, in a process group of its own."""

    process: subprocess.Popen[bytes]
    log: Path
    begin: int

    def ends_in(self, seconds: float) -> bool:
        """Wait for so long; tell whether it has ended by then."""
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def read(self) -> str:
        """Give what it has said by now."""
        with self.log.open("rb") as file:
            file.seek(self.begin)
            return file.read().decode("utf-8", "replace")


def start(command: Sequence[str], log: Path) -> Attempt:
    """Start a command.

    Args:
        command: its words.
        log: gets what it says, behind what is there.
    """
    with log.open("ab") as file:
        begin = file.tell()
        process = subprocess.Popen(
            command, stdout=file, stderr=file, start_new_session=True
        )
    return Attempt(process, log, begin)


def kill_all(attempt: Attempt, draw: random.Random) -> str:
    """Kill a command and all that it has started.

    Returns:
        What was not right about its end: nothing.
    """
    os.killpg(attempt.process.pid, signal.SIGKILL)
    attempt.process.wait()
    return ""


def kill_worker(attempt: Attempt, draw: random.Random) -> str:
    """Kill one worker of a launch; of one without workers yet, all.

    Workers that still wait for each other can't tell that one is lost.

    Args:
        attempt: the launch.
        draw: gives the worker.

    Returns:
        What was not right about its end: that the others went on, that no
        error was told, or that a trace was. Nothing if all was.
    """
    workers = [int(number) for number in WORKER.findall(attempt.read())]
    if not workers:
        return kill_all(attempt, draw)
    with contextlib.suppress(ProcessLookupError):  # It may just have ended.
        os.kill(draw.choice(workers), signal.SIGKILL)
    if attempt.ends_in(END_SECONDS):
        return _judge(attempt.process.returncode, attempt.read())
    kill_all(attempt, draw)
    return "the others went on"


def _judge(status: int, said: str) -> str:
    if "Traceback" in said:
        return "a trace was told"
    if status == 0 or MET not in said:
        return ""  # All had ended before, or none had begun.
    if WENT_ON in said:
        return "the others went on"
    return "" if TOLD.search(said) else "no error was told"


VICTIMS: dict[str, Callable[[Attempt, random.Random], str]] = {
    "all": kill_all,
    "worker": kill_worker,
}
