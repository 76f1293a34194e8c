"""The run directory: the recipe of a run and the results of its stages."""

import contextlib
import logging
import shutil
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import filelock

from ntaa_tf.storage.files import list_differences
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import remove_unfinished
from ntaa_tf.storage.files import write_json

logger = logging.getLogger(__name__)

RECIPE_FILE = "recipe.json"
RESULT_FILE = "result.json"  # Of a finished stage.
METRICS_FILE = "metrics.json"  # Of a finished run.
LOCK_FILE = ".lock"


class OccupiedError(ValueError):
    """Another run is using a run directory."""


class RunDirectory:
    """Directory in which every stage of one recipe runs once.

    The recipe is fixed by the first result of a stage. Until then another
    recipe may take the directory, so that a run that failed at once does not
    block the corrected one.

    Args:
        path: the directory; it is created.
        choices: all choices of the recipe, by name.
        versions: versions of the libraries, by name; written, not compared.
        flag: name of the flag that gives the directory, for errors.

    Raises:
        ValueError: if the directory keeps a run of another recipe, or holds
            other files.
    """

    def __init__(
        self,
        path: Path,
        choices: dict[str, Any],
        versions: dict[str, str],
        flag: str = "workdir",
    ):
        self.path = path
        # Titles of stages in the log, where a run has given some.
        self.titles: dict[str, str] = {}
        remove_unfinished(path)
        recipe_file = path / RECIPE_FILE
        if recipe_file.exists():
            kept = _read_recipe(recipe_file)
            if any(path.glob(f"*/{RESULT_FILE}")):
                _check_recipe(path, kept, choices, flag)
                return
        elif path.exists() and not is_empty(path):
            raise ValueError(
                f"--{flag}={path} is neither empty nor the directory of a "
                f"run: there is no {RECIPE_FILE}. Choose a new directory."
            )
        write_json(recipe_file, {"choices": choices, "versions": versions})

    def name_stage(self, stage: str) -> str:
        """Return the title of a stage in the log."""
        return self.titles.get(stage, stage)

    def has_result(self, stage: str) -> bool:
        """Return whether a stage has a result."""
        return self._find_result(stage).exists()

    def read_result(self, stage: str) -> dict[str, Any]:
        """Read the result of a finished stage.

        Args:
            stage: name of the stage.

        Returns:
            The result that `run_stage` returned.

        Raises:
            ValueError: if there is no result, or it is damaged.
        """
        file = self._find_result(stage)
        return _read(file, f"Delete {file.parent} to run that stage again.")

    def reopen(self, stage: str) -> None:
        """Remove the result of a stage, so that it runs again.

        Its other files stay, for the stage to use.
        """
        self._find_result(stage).unlink(missing_ok=True)

    def remove_stages(self, stages: Sequence[str]) -> None:
        """Remove the directories of stages, because an earlier one reruns."""
        for directory in (self.path / stage for stage in stages):
            if directory.exists():
                logger.info(
                    "%s: removed, because an earlier stage runs again",
                    directory,
                )
                shutil.rmtree(directory)

    def run_stage(
        self, stage: str, function: Callable[[Path], dict[str, Any]]
    ) -> dict[str, Any]:
        """Run a stage, or read its result if it has run before.

        Args:
            stage: name of the stage and of its directory.
            function: function of the stage's directory that does the work and
                returns the result, as data for JSON.

        Returns:
            The result of `function`, and the `seconds` that it took. The time
            of killed attempts is not included.
        """
        directory, title = self.path / stage, self.name_stage(stage)
        if self.has_result(stage):
            logger.info("%s: done before", title)
            return self.read_result(stage)
        logger.debug("%s begins in %s", title, directory)
        directory.mkdir(exist_ok=True)
        remove_unfinished(directory)
        begin = time.monotonic()
        result = function(directory)
        result["seconds"] = round(time.monotonic() - begin, 2)
        write_json(self._find_result(stage), result)
        logger.info("%s: done in %.1f s", title, result["seconds"])
        return result

    def _find_result(self, stage: str) -> Path:
        return self.path / stage / RESULT_FILE


@contextlib.contextmanager
def claim(path: Path, flag: str = "workdir") -> Iterator[None]:
    """Lock a run directory for this run until the block ends.

    The lock belongs to the process: the operating system drops it when the
    process is killed.

    Args:
        path: the directory. It is created, and removed again if it is new and
            the block leaves it empty.
        flag: name of the flag that gives the directory, for errors.

    Raises:
        OccupiedError: if another run is using the directory.
        ValueError: if the directory can't be created.
    """
    if path.exists() and not path.is_dir():
        yield  # A file: RunDirectory says so.
        return
    is_new = not path.exists()
    _create(path, flag)
    with _lock(path, flag):
        try:
            yield
        finally:
            if not (path / RECIPE_FILE).exists():
                # No run came of it. The file is removed before it is
                # unlocked: then no process can lock the removed file and
                # meet one that locks a new file of that name.
                (path / LOCK_FILE).unlink(missing_ok=True)
                if is_new:
                    with contextlib.suppress(OSError):  # It is not empty.
                        path.rmdir()


def _create(path: Path, flag: str) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (NotADirectoryError, FileNotFoundError, PermissionError) as error:
        raise ValueError(
            f"--{flag}={path} can't be created ({error.strerror}). Choose "
            "another directory."
        ) from error


def is_empty(path: Path) -> bool:
    """Return whether a path is a directory without files but for the lock."""
    return path.is_dir() and not any(
        entry.name != LOCK_FILE for entry in path.iterdir()
    )


def is_unfinished(path: Path, choices: dict[str, Any]) -> bool:
    """Return whether a directory keeps an unfinished run of these choices."""
    if (path / METRICS_FILE).exists() or not (path / RECIPE_FILE).exists():
        return False
    try:
        kept = _read_recipe(path / RECIPE_FILE)
    except ValueError:  # Damaged, or no file of ours.
        return False
    return not list_differences(kept, choices)


@contextlib.contextmanager
def _lock(path: Path, flag: str) -> Iterator[None]:
    """Hold the lock of a run directory, if the file system has locks."""
    file = path / LOCK_FILE
    # Errors of a directory that can't be written arise here and are raised.
    file.touch()
    # flock alone. A file that locks by its existence ("soft") would outlive a
    # killed process, and block the same command from another machine.
    lock = filelock.FileLock(file, blocking=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise OccupiedError(
            f"Another run is using --{flag}={path}. Wait until it ends, stop "
            f"it, or choose another --{flag}."
        ) from error
    except OSError as error:  # Some network file systems have no locks.
        logger.warning("%s can't be locked (%s)", path, error.strerror)
    try:
        yield
    finally:
        lock.release()  # Nothing happens if it was not acquired.


def _read_recipe(path: Path) -> dict[str, Any]:
    return _read(
        path,
        "Choose another --workdir.",
        lambda kept: dict(kept["choices"]),
    )


def _read(
    path: Path,
    advice: str,
    parse: Callable[[Any], dict[str, Any]] = dict,
) -> dict[str, Any]:
    """Read a JSON file; raise a ValueError with advice if it is damaged."""
    try:
        return parse(read_json(path))
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(f"{path} can't be read ({error}). {advice}") from error


def _check_recipe(
    path: Path, kept: dict[str, Any], choices: dict[str, Any], flag: str
) -> None:
    differences = list_differences(kept, choices)
    if differences:
        raise ValueError(
            f"--{flag}={path} keeps a run of another recipe: "
            f"{'; '.join(differences)}. Choose another --{flag}, or the flags "
            "of that run."
        )
