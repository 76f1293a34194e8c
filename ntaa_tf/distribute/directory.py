"""The run directory in a training of several workers: the chief writes it."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ntaa_tf.distribute.workers import add_over_workers
from ntaa_tf.distribute.workers import agree
from ntaa_tf.distribute.workers import find_workers
from ntaa_tf.distribute.workers import is_follower
from ntaa_tf.distribute.workers import wait
from ntaa_tf.storage.files import UNFINISHED

# Not copied: images are decoded again, curves are written by the chief alone.
NOT_COPIED = (f"{UNFINISHED}*", "data", "tensorboard")


@contextlib.contextmanager
def share_directory(path: Path, flag: str = "workdir") -> Iterator[Path]:
    """Yield the directory in which this worker reads and writes.

    The chief works in the run directory itself. Every other worker works in a
    temporary copy, made before the block and deleted after it. So all workers
    resume from the same state, and none sees the files of another.

    Args:
        path: the run directory; on other workers the chief's path is used.
        flag: name of the flag that gives the directory, for errors.

    Raises:
        ValueError: if a worker can't see the files of the chief.
    """
    if find_workers() is None:
        yield path
        return
    path = Path(agree(str(path.absolute())))
    _check_shared(path, flag)
    with contextlib.ExitStack() as stack:
        own = path
        if is_follower():
            own = Path(stack.enter_context(_make_temporary())) / path.name
            shutil.copytree(
                path, own, ignore=shutil.ignore_patterns(*NOT_COPIED)
            )
        wait()  # The chief may write once all copies are made.
        yield own
        wait()  # A worker may go on once the chief has written all.


def _make_temporary() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="worker-")


def is_seen(mark: Path) -> bool:
    """Return whether this worker sees a directory that the chief made."""
    return mark.is_dir()


def _check_shared(path: Path, flag: str) -> None:
    """Raise a ValueError on all workers if one does not see the directory."""
    with contextlib.ExitStack() as stack:
        mark = ""
        if not is_follower():
            path.mkdir(parents=True, exist_ok=True)
            mark = stack.enter_context(
                tempfile.TemporaryDirectory(dir=path, prefix=UNFINISHED)
            )
        blind = add_over_workers(not is_seen(Path(agree(mark))))
    if blind:
        raise ValueError(
            f"--{flag}={path} is not shared by all workers: {blind} of them "
            "can't see the files of the chief. Choose a directory on a file "
            "system that all workers mount."
        )
