"""Files that are there whole, or not at all, and what differs in them."""

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

UNFINISHED = ".unfinished-"


@contextlib.contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Give a temporary path that becomes `path` when the block succeeds.

    Args:
        path: the file or directory to write; its directory is created. A file
            that stood there before is replaced, a directory removed first.

    Yields:
        A path with the same suffix on the same file system. If the block
        fails nothing of it is left, and `path` is as it was. What is written
        is on the disk before it is `path`: also a power cut leaves no part.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=path.parent, prefix=UNFINISHED
    ) as directory:
        unfinished = Path(directory) / path.name
        yield unfinished
        for written in (unfinished, *unfinished.rglob("*")):
            _flush(written)
        if path.is_dir() and unfinished.is_dir():
            shutil.rmtree(path)
        unfinished.replace(path)
        _flush(path.parent)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems can't do it for directories.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def remove_unfinished(directory: Path) -> None:
    """Remove what killed processes had begun to write in a directory."""
    for unfinished in directory.glob(f"{UNFINISHED}*"):
        shutil.rmtree(unfinished)


def write_json(path: Path, data: Any) -> None:
    """Write data as JSON, atomically."""
    with write_atomically(path) as unfinished:
        unfinished.write_text(json.dumps(data, indent=2) + "\n", "utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text("utf-8"))


def list_differences(
    kept: Mapping[str, Any], given: Mapping[str, Any]
) -> list[str]:
    """List what is otherwise in a file than it is now, by name.

    Args:
        kept: what a file holds.
        given: what there is now.

    Example:
    >>> list_differences({"seed": 0}, {"seed": 1})
    ['seed: 0 there, 1 now']
    """
    return [
        f"{name}: {kept.get(name)!r} there, {given.get(name)!r} now"
        for name in sorted({*kept, *given})
        if kept.get(name) != given.get(name)
    ]
