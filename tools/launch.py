r"""Start several workers on this machine, to try a training on a cluster.

    python tools/launch.py --workers=2 -- --smoke --workdir=runs/two_workers

What is behind `--` are the flags of `ntaa_tf.adapt`. The workers compute on
CPUs. On a cluster its own scheduler starts them: docs/clusters.md.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

# Before TensorFlow is imported, which reads it once; the workers have it too.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags

from ntaa_tf.command_line import DONE
from ntaa_tf.command_line import GOES_ON
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.distribute.cluster import VARIABLE
from ntaa_tf.distribute.cluster import write_cluster

# When a worker has failed, the others end by themselves in less.
GRACE_SECONDS = 60
POLL_SECONDS = 0.2

_WORKERS = flags.DEFINE_integer("workers", 2, "How many workers there are.")
_MODULE = flags.DEFINE_string(
    "module", "ntaa_tf.adapt", "What they run, or ntaa_tf.pretrain."
)


def launch(workers: int, module: str, arguments: Sequence[str]) -> int:
    """Run a training on several processes, and wait for its end.

    Args:
        workers: how many processes.
        module: what each runs.
        arguments: the flags that it is given.

    Returns:
        0 if all workers succeed, else the exit status of the first that
        failed.

    Raises:
        RuntimeError: if a signal ended that one.
    """
    addresses = [f"localhost:{port}" for port in find_ports(workers)]
    processes = [
        start(addresses, index, module, arguments) for index in range(workers)
    ]
    printers = [print_lines(*each) for each in enumerate(processes)]
    try:
        failed, status = wait_for(processes)
        going_on = [process.poll() is None for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for printer in printers:
            printer.join()
    if any(going_on):
        print(
            f"Worker {going_on.index(True)} did not end by itself in "
            f"{GRACE_SECONDS} s, and was killed."
        )
    if status < 0:
        raise RuntimeError(
            f"Worker {failed} was ended by {signal.Signals(-status).name}. The "
            "same command goes on from the last epoch."
        )
    return status


def find_ports(count: int) -> list[int]:
    """Find so many ports of this machine that nothing listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start(
    addresses: list[str], index: int, module: str, arguments: Sequence[str]
) -> subprocess.Popen[str]:
    """Start a worker."""
    environment = {
        **os.environ,
        VARIABLE: write_cluster(addresses, index),
        # Workers of one machine can't share a GPU.
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", module, "--distribute=multiworker", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def print_lines(index: int, process: subprocess.Popen[str]) -> threading.Thread:
    """Print what a worker says, its number before it, in a thread."""

    def work() -> None:
        print(f"[{index}] process {process.pid}", flush=True)
        for line in process.stdout or ():
            print(f"[{index}] {line}", end="", flush=True)

    printer = threading.Thread(target=work)
    printer.start()
    return printer


def wait_for(processes: Sequence[subprocess.Popen[str]]) -> tuple[int, int]:
    """Wait until all have ended, or for a while after one has failed.

    Returns:
        Which failed first, and its status; that of the first if none did.
    """
    failed, deadline = None, float("inf")
    while any(process.poll() is None for process in processes):
        failed = failed or _find_failed(processes)
        if failed:
            deadline = min(deadline, time.monotonic() + GRACE_SECONDS)
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    return failed or _find_failed(processes) or (0, DONE)


def _find_failed(
    processes: Sequence[subprocess.Popen[str]],
) -> tuple[int, int] | None:
    codes = enumerate(process.poll() for process in processes)
    return next(((index, code) for index, code in codes if code), None)


def main(arguments: list[str]) -> int:
    """Launch what the command line asks for.

    Returns:
        The exit status: that of the workers, or as of
        `ntaa_tf.command_line.end`.
    """
    return end(lambda: follow(arguments[1:]), stopped=GOES_ON)


def follow(words: Sequence[str]) -> int:
    """Launch as many workers as the flags say."""
    if _WORKERS.value < 1:
        raise ValueError(
            "Invalid value for `workers`. Expected 1 or more. "
            f"Received: {_WORKERS.value}."
        )
    return launch(_WORKERS.value, _MODULE.value, words)


if __name__ == "__main__":
    app.run(main, flags_parser=make_parser(__doc__))
