"""The directory that keeps a run: its recipe and what its stages gave."""

import contextlib
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import TextIO

from ntaa_tf.storage.files import list_differences
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import remove_unfinished
from ntaa_tf.storage.files import write_json

logger = logging.getLogger(__name__)

RECIPE_FILE = "recipe.json"
RESULT_FILE = "result.json"
METRICS_FILE = "metrics.json"  # Of a finished run.
# Network file systems lock files that are open for writing, no directories.
LOCK_FILE = ".lock"


class OccupiedError(ValueError):
    """Another run is in a work directory."""


class RunDirectory:
    """A directory in which every stage of one recipe runs once.

    Until the first stage has a result it belongs to no recipe, so a run that
    was refused leaves nothing in the way of the corrected one.

    Args:
        path: the directory; it is created.
        choices: what makes the recipe this recipe, by name.
        versions: of the libraries, by name; kept, but not compared.
        flag: by which the directory is given.

    Raises:
        ValueError: if the directory keeps a run of another recipe, or
            something that is no run.
    """

    def __init__(
        self,
        path: Path,
        choices: dict[str, Any],
        versions: dict[str, str],
        flag: str = "workdir",
    ):
        self.path = path
        remove_unfinished(path)
        kept = path / RECIPE_FILE
        if kept.exists():
            there = _read_recipe(kept)
            if any(path.glob(f"*/{RESULT_FILE}")):
                _check_recipe(path, there, choices, flag)
                return
        elif path.exists() and not is_empty(path):
            raise ValueError(
                f"Invalid value for `{flag}`. Expected a new or empty "
                f"directory, or one that keeps a run. Received: {path}, in "
                f"which there is no {RECIPE_FILE}."
            )
        write_json(kept, {"choices": choices, "versions": versions})

    def has_run(self, stage: str) -> bool:
        """Tell whether a stage has its result."""
        return (self.path / stage / RESULT_FILE).exists()

    def retract(self, stage: str) -> None:
        """Let a stage run again, with what is in its directory."""
        (self.path / stage / RESULT_FILE).unlink(missing_ok=True)

    def forget(self, stages: Sequence[str]) -> None:
        """Remove what stages gave, of which an earlier one is to run again."""
        for directory in (self.path / stage for stage in stages):
            if directory.exists():
                logger.info("%s: removed, as it is to follow anew", directory)
                shutil.rmtree(directory)

    def run_once(
        self, stage: str, function: Callable[[Path], dict[str, Any]]
    ) -> dict[str, Any]:
        """Run a stage, or give what it gave when it ran before.

        Args:
            stage: its name, and the name of its directory.
            function: given the stage's directory it does the work and returns
                what JSON can hold.

        Returns:
            What `function` returned, and the `seconds` it took; those of
            killed attempts are not counted.
        """
        directory = self.path / stage
        result_file = directory / RESULT_FILE
        if result_file.exists():
            logger.info("%s: kept from before", directory)
            return _read_result(result_file)
        logger.info("%s: begins", directory)
        directory.mkdir(exist_ok=True)
        remove_unfinished(directory)
        begin = time.monotonic()
        result = function(directory)
        result["seconds"] = round(time.monotonic() - begin, 2)
        write_json(result_file, result)
        logger.info("%s: done in %.1f s", directory, result["seconds"])
        return result


@contextlib.contextmanager
def claim(path: Path, flag: str = "workdir") -> Iterator[None]:
    """Keep other runs out of a work directory while the block runs.

    A process that is killed leaves no claim behind.

    Args:
        path: the directory; it is created, and removed if it is left empty.
        flag: by which it is given.

    Raises:
        OccupiedError: if another run is in it.
    """
    if path.exists() and not path.is_dir():
        yield  # No directory, of which opening it will tell.
        return
    is_new = not path.exists()
    path.mkdir(parents=True, exist_ok=True)
    with _open_locked(path, flag):
        try:
            yield
        finally:
            if not (path / RECIPE_FILE).exists():  # It is no run's.
                (path / LOCK_FILE).unlink(missing_ok=True)
                if is_new:
                    with contextlib.suppress(OSError):  # Something is in it.
                        path.rmdir()


def is_empty(path: Path) -> bool:
    """Whether a path is a directory in which nothing is kept."""
    return path.is_dir() and not any(
        entry.name != LOCK_FILE for entry in path.iterdir()
    )


def read_metrics(path: Path) -> dict[str, Any]:
    """Give the metrics of a finished run.

    Args:
        path: its work directory.

    Raises:
        ValueError: if the file is damaged.
    """
    return _read(
        path / METRICS_FILE,
        "the metrics of a run as JSON",
        "Delete it to have it written again.",
    )


def is_unfinished(path: Path, choices: dict[str, Any]) -> bool:
    """Tell whether a directory keeps a run of these choices that can go on."""
    if (path / METRICS_FILE).exists() or not (path / RECIPE_FILE).exists():
        return False
    try:
        kept = _read_recipe(path / RECIPE_FILE)
    except ValueError:  # Something else is there, which is left alone.
        return False
    return not list_differences(kept, choices)


def _open_locked(path: Path, flag: str) -> TextIO:
    """Open the lock file of a directory, and lock it."""
    lock = path / LOCK_FILE
    while True:
        with contextlib.ExitStack() as closing:
            file = closing.enter_context(lock.open("a"))
            _lock(file.fileno(), path, flag)
            # Who had it before may have removed it.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                    closing.pop_all()
                    return file


def _lock(descriptor: int, path: Path, flag: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OccupiedError(
            f"Invalid value for `{flag}`. Expected a directory in which no "
            f"other run is under way. Received: {path}. Wait for the other, "
            f"stop it, or choose another --{flag}."
        ) from error
    except OSError as error:  # Some network file systems have no locks.
        logger.warning("%s can't be locked (%s)", path, error.strerror)


def _read_result(path: Path) -> dict[str, Any]:
    return _read(
        path,
        "what a stage gave, as JSON",
        f"Delete {path.parent} to run that stage again.",
    )


def _read_recipe(path: Path) -> dict[str, Any]:
    return _read(
        path,
        "the recipe of a run as JSON",
        "Choose another --workdir.",
        lambda kept: dict(kept["choices"]),
    )


def _read(
    path: Path,
    expected: str,
    advice: str,
    parse: Callable[[Any], dict[str, Any]] = dict,
) -> dict[str, Any]:
    """Read a JSON file; say what to do if it is damaged."""
    try:
        return parse(read_json(path))
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"Invalid file {path}. Expected {expected}. Received something "
            f"else ({error}). {advice}"
        ) from error


def _check_recipe(
    path: Path, kept: dict[str, Any], choices: dict[str, Any], flag: str
) -> None:
    differences = list_differences(kept, choices)
    if differences:
        raise ValueError(
            f"Invalid value for `{flag}`. Expected a directory of this recipe. "
            f"Received: {path}, which keeps a run of another: "
            f"{'; '.join(differences)}. Choose another --{flag}, or give the "
            "flags of the run that is there."
        )
