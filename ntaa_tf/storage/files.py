"""Atomic writing of files and directories, and JSON."""

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

UNFINISHED = ".unfinished-"


@contextlib.contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path, and rename it to `path` when the block succeeds.

    If the block fails, the temporary files are removed and `path` is
    unchanged. The data are on the disk before the renaming, so a power cut
    can't leave a part of a file either.

    Args:
        path: the file or directory to write. Its parent directory is created.
            A file that exists is replaced; a directory is removed first.

    Yields:
        A path with the same name, in a temporary directory beside `path`.
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
    """Wait until a file, or the entries of a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems can't flush a directory.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def copy_atomically(
    source: Path, target: Path, left_out: Sequence[str] = ()
) -> None:
    """Copy a file or a directory, whole or not at all.

    Args:
        source: file or directory.
        target: path of the copy; what stood there is replaced.
        left_out: names of files and directories that are not copied.
    """
    with write_atomically(target) as unfinished:
        if source.is_dir():
            ignored = shutil.ignore_patterns(*left_out)
            shutil.copytree(source, unfinished, ignore=ignored)
        else:
            shutil.copy2(source, unfinished)


def remove_unfinished(directory: Path) -> None:
    """Remove the temporary files of killed processes from a directory."""
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
    kept: Mapping[str, Any],
    given: Mapping[str, Any],
    where_kept: str = "there",
    where_given: str = "now",
) -> list[str]:
    """List the values that differ between a file and the present run.

    Args:
        kept: values in the file, by name.
        given: present values, by name.
        where_kept: words that follow the value in the file.
        where_given: words that follow the present value.

    Returns:
        A phrase for each difference, sorted by name. A missing value counts
        as None.

    Example:
    >>> list_differences({"seed": 0}, {"seed": 1})
    ['seed: 0 there, 1 now']
    """
    return [
        f"{name}: {kept.get(name)!r} {where_kept}, "
        f"{given.get(name)!r} {where_given}"
        for name in sorted({*kept, *given})
        if kept.get(name) != given.get(name)
    ]


def find_reason(error: BaseException) -> str:
    """Return the first line of an error that a damaged file raised.

    Args:
        error: an error of any library; without a text its class is returned.

    Example:
    >>> find_reason(ValueError("No such layer.")), find_reason(OSError())
    ('No such layer.', 'OSError')
    """
    return str(error).partition("\n")[0] or type(error).__name__
