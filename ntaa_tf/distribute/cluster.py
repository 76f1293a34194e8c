"""The cluster of worker processes that the variable TF_CONFIG describes."""

import json
import os
from dataclasses import dataclass

import tensorflow as tf

VARIABLE = "TF_CONFIG"
JOBS = ("chief", "worker")


@dataclass(frozen=True)
class Cluster:
    """All workers of a training, and which of them this process is.

    Args:
        workers: address of each worker, the chief first.
        index: position of this process among the workers.
    """

    workers: tuple[str, ...]
    index: int

    @property
    def is_follower(self) -> bool:
        """Whether another process is the chief."""
        return self.index > 0


def read_cluster() -> Cluster:
    """Read the cluster from the environment variable TF_CONFIG.

    TensorFlow's own resolver reads it, so that both see the same cluster. The
    resolver accepts a missing or contradictory TF_CONFIG; this function
    doesn't.

    Raises:
        ValueError: if TF_CONFIG is missing, malformed, or has no place for
            this process.

    Example:
    >>> os.environ[VARIABLE] = write_cluster(["one:2222", "two:2222"], 1)
    >>> read_cluster()
    Cluster(workers=('one:2222', 'two:2222'), index=1)
    >>> del os.environ[VARIABLE]
    """
    text = os.environ.get(VARIABLE)
    if text is None:
        raise _invalid("is missing")
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    try:
        return _check(resolver)
    except (TypeError, ValueError) as error:
        raise _invalid(f"is {text} ({error})") from error


def write_cluster(workers: list[str], index: int) -> str:
    """Return the TF_CONFIG of one worker, in a cluster without job `chief`.

    Args:
        workers: address of each worker, the chief first.
        index: position of the worker that gets this TF_CONFIG.
    """
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": workers}, "task": task})


def _check(
    resolver: tf.distribute.cluster_resolver.ClusterResolver,
) -> Cluster:
    spec = resolver.cluster_spec()
    if others := sorted(set(spec.jobs) - set(JOBS)):
        raise ValueError(f"there are other jobs, {others}")
    tasks = [
        (job, index)
        for job in JOBS
        if job in spec.jobs
        for index in spec.task_indices(job)
    ]
    workers = tuple(spec.task_address(*task) for task in tasks)
    if len(set(workers)) < len(workers):
        raise ValueError("two workers have the same address")
    own = resolver.task_type, resolver.task_id
    if own not in tasks:
        raise ValueError(f"the task {own} is none of {tasks}")
    return Cluster(workers, tasks.index(own))


def _invalid(problem: str) -> ValueError:
    example = write_cluster(["HOST1:PORT", "HOST2:PORT"], 0)
    return ValueError(
        f"The environment variable {VARIABLE} {problem}. "
        "--distribute=multiworker needs the address of each worker, and the "
        f"index of this one, such as {example}."
    )
