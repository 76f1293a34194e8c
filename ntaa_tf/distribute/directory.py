"""The directory that a training is kept in: only the chief writes it."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ntaa_tf.distribute.workers import add_up
from ntaa_tf.distribute.workers import agree
from ntaa_tf.distribute.workers import find_workers
from ntaa_tf.distribute.workers import is_led
from ntaa_tf.distribute.workers import wait
from ntaa_tf.storage.files import UNFINISHED

# What a copy needs not: pixels are decoded anew, curves are the chief's.
NOT_COPIED = (f"{UNFINISHED}*", "data", "tensorboard")


@contextlib.contextmanager
def share_directory(path: Path, flag: str = "workdir") -> Iterator[Path]:
    """Give the directory that this worker works in.

    That of the chief is the one that is kept. Each other worker has a copy of
    what it holds at first, which is gone when the block ends. So all of them
    go on from the same state, and none sees what another writes.

    Args:
        path: the directory that is kept; the chief's counts.
        flag: by which it is given.

    Raises:
        ValueError: if a worker does not see what the chief writes there.
    """
    if find_workers() is None:
        yield path
        return
    path = Path(agree(str(path.absolute())))
    _check_shared(path, flag)
    with contextlib.ExitStack() as stack:
        own = path
        if is_led():
            own = Path(stack.enter_context(_make_temporary())) / path.name
            shutil.copytree(
                path, own, ignore=shutil.ignore_patterns(*NOT_COPIED)
            )
        wait()  # From now on the chief writes.
        yield own
        wait()  # Now all is written.


def _make_temporary() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="worker-")


def is_seen(mark: Path) -> bool:
    """Whether this worker sees what the chief has made."""
    return mark.is_dir()


def _check_shared(path: Path, flag: str) -> None:
    """Raise a ValueError on all workers if one does not see the directory."""
    with contextlib.ExitStack() as stack:
        mark = ""
        if not is_led():
            path.mkdir(parents=True, exist_ok=True)
            mark = stack.enter_context(
                tempfile.TemporaryDirectory(dir=path, prefix=UNFINISHED)
            )
        blind = add_up(not is_seen(Path(agree(mark))))
    if blind:
        raise ValueError(
            f"Invalid value for `{flag}`. Expected a directory on a file "
            f"system that all workers share. Received: {path}, in which "
            f"{blind} of them do not see what the chief writes."
        )
