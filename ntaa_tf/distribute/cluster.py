"""The processes that train together, as the environment names them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = "TF_CONFIG"
JOBS = ("chief", "worker")


@dataclass(frozen=True)
class Cluster:
    """What a process knows of those that it trains with.

    Args:
        workers: the address of each, that of the chief first.
        index: which of them this process is.
    """

    workers: tuple[str, ...]
    index: int

    @property
    def is_led(self) -> bool:
        """Whether another process is the chief."""
        return self.index > 0


def read_cluster(environment: Mapping[str, str] = os.environ) -> Cluster:
    """Read what TensorFlow is told of a cluster.

    Args:
        environment: has TF_CONFIG: a JSON object with the addresses of the
            workers, and optionally of a chief before them, and which of them
            this process is.

    Raises:
        ValueError: if there is no TF_CONFIG, or it says something else.

    Example:
    >>> workers = ["one:2222", "two:2222"]
    >>> read_cluster({VARIABLE: write_cluster(workers, 1)})
    Cluster(workers=('one:2222', 'two:2222'), index=1)
    """
    text = environment.get(VARIABLE)
    if text is None:
        raise _invalid("nothing")
    try:
        return _parse(text)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _invalid(f"{text} ({error!r})") from error


def write_cluster(workers: list[str], index: int) -> str:
    """Write what TensorFlow is told of a cluster without a job `chief`.

    Args:
        workers: the address of each, that of the chief first.
        index: which of them is told.
    """
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": workers}, "task": task})


def _parse(text: str) -> Cluster:
    config = json.loads(text)
    jobs, task = config["cluster"], config["task"]
    addresses = {
        (job, index): str(address)
        for job in JOBS
        for index, address in enumerate(jobs.get(job, ()))
    }
    if others := sorted(set(jobs) - set(JOBS)):
        raise ValueError(f"there are jobs {others}")
    if len(set(addresses.values())) < len(addresses):
        raise ValueError("two have one address")
    index = list(addresses).index((task["type"], int(task["index"])))
    return Cluster(tuple(addresses.values()), index)


def _invalid(received: str) -> ValueError:
    example = write_cluster(["HOST1:PORT", "HOST2:PORT"], 0)
    return ValueError(
        f"Invalid environment variable {VARIABLE}. Expected the address of "
        "each worker, and which of them this process is, with "
        f"--distribute=multiworker, such as {example}. Received: {received}."
    )
