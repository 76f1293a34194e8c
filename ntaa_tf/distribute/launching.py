"""Several workers on one machine, started and awaited."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from ntaa_tf.command_line import DONE
from ntaa_tf.distribute.cluster import VARIABLE
from ntaa_tf.distribute.cluster import write_cluster

# After a worker has failed, the others end by themselves in less time.
GRACE_SECONDS = 60
POLL_SECONDS = 0.2


def launch(workers: int, module: str, arguments: Sequence[str]) -> int:
    """Run a training in several processes, and wait until it ends.

    Args:
        workers: number of processes.
        module: module that each process runs.
        arguments: flags of the module.

    Returns:
        0 if all workers succeed, else the exit status of the first worker
        that failed.

    Raises:
        RuntimeError: if a signal ended that worker.
    """
    addresses = [f"localhost:{port}" for port in find_ports(workers)]
    processes = [
        start(addresses, index, module, arguments) for index in range(workers)
    ]
    printers = [print_lines(*each) for each in enumerate(processes)]
    try:
        failed, status = wait_for(processes)
        still_running = [process.poll() is None for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for printer in printers:
            printer.join()
    if any(still_running):
        print(
            f"Worker {still_running.index(True)} did not end by itself in "
            f"{GRACE_SECONDS} s, and was killed."
        )
    if status < 0:
        raise RuntimeError(
            f"Worker {failed} was ended by {signal.Signals(-status).name}. Run "
            "the same command again to continue after the last whole epoch."
        )
    return status


def find_ports(count: int) -> list[int]:
    """Find free ports of this machine."""
    # All sockets stay open until every port is known; otherwise the system
    # could hand out the same port twice.
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
    """Start a worker.

    Args:
        addresses: addresses of all workers.
        index: index of this worker among them.
        module: module that the worker runs.
        arguments: flags of the module.
    """
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
    """Print the output of a worker from a thread, each line after its index."""

    def work() -> None:
        # One write for each line, its end included: a second write would let
        # the thread of another worker come in between.
        print(f"[{index}] process {process.pid}\n", end="", flush=True)
        for line in process.stdout or ():
            print(f"[{index}] {line}", end="", flush=True)

    printer = threading.Thread(target=work)
    printer.start()
    return printer


def wait_for(processes: Sequence[subprocess.Popen[str]]) -> tuple[int, int]:
    """Wait until all workers have ended.

    After one has failed, wait `GRACE_SECONDS` at most for the others.

    Returns:
        Index and exit status of the first worker that failed; (0, 0) if all
        succeeded.
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
