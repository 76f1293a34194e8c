"""The run directory of a recipe: found, claimed and opened."""

import contextlib
import importlib.metadata
import itertools
import logging
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ntaa_tf.distribute import is_follower
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.renamed import GONE
from ntaa_tf.recipe.renamed import RENAMED
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.run_directory import RECIPE_FILE
from ntaa_tf.storage.run_directory import RESULT_FILE
from ntaa_tf.storage.run_directory import OccupiedError
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.storage.run_directory import claim
from ntaa_tf.storage.run_directory import is_empty
from ntaa_tf.storage.run_directory import is_unfinished

RUNS = Path("runs")
LIBRARIES = ("ntaa-tf", "keras", "tensorflow", "tensorflow-cpu", "numpy")

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def claim_run_directory(recipe: Recipe) -> Iterator[Path]:
    """Find the directory of a run, and lock it for other runs.

    Without `workdir` it is the newest directory below `runs/` that has an
    unfinished run of the same choices and is not in use. If there is none, it
    is a new one, named after the model, the data set, the method and the time.

    Args:
        recipe: recipe of the run.

    Yields:
        The path of the directory.

    Raises:
        OccupiedError: if another run is using the directory of `workdir`.
        ValueError: if that directory has a run of another recipe, or other
            files.
    """
    workdir = recipe.output.workdir
    # Only the chief claims. Its path then replaces that of the other workers,
    # in `share_directory`.
    if is_follower():
        yield Path(workdir or RUNS)
        return
    with contextlib.ExitStack() as claims:
        if workdir is None:
            path = _claim_default(recipe, claims)
        else:
            path = Path(workdir)
            claims.enter_context(claim(path))
            # A wrong directory must be refused before other workers copy it.
            open_run_directory(recipe, path)
        yield path


def _claim_default(recipe: Recipe, claims: contextlib.ExitStack) -> Path:
    """Claim a directory below `runs/`: an unfinished run of it, or a new one.

    Args:
        recipe: recipe of the run.
        claims: stack that keeps the claim until the run ends.
    """
    choices = list_kept_choices(recipe)
    words = [*shorten_names(recipe).values(), recipe.adaptation.method]
    stem = "-".join(re.sub(r"\W+", "_", word) for word in words)
    present = sorted(RUNS.glob(f"{stem}-*"), reverse=True)
    unfinished = [path for path in present if is_unfinished(path, choices)]
    path = next(
        path
        for path in itertools.chain(unfinished, _list_new(stem))
        if _claim_if_free(path, choices, claims)
    )
    logger.info(
        "%s %s. To resume it, repeat the command, or add --workdir=%s",
        "resuming" if path in unfinished else "new run:",
        path,
        path,
    )
    return path


def _claim_if_free(
    path: Path, choices: dict[str, Any], claims: contextlib.ExitStack
) -> bool:
    """Claim a directory if no other process has it; return whether it did."""
    with contextlib.ExitStack() as attempt:
        try:
            attempt.enter_context(claim(path))
        except OccupiedError:
            return False
        # Another process may just have finished it, or begun it.
        is_free = is_empty(path) or is_unfinished(path, choices)
        if is_free:
            claims.enter_context(attempt.pop_all())
        return is_free


def _list_new(stem: str) -> Iterator[Path]:
    """Yield paths that end with the present time, then with -2, -3, ..."""
    now = time.strftime("%Y%m%d-%H%M%S")
    yield RUNS / f"{stem}-{now}"
    for number in itertools.count(2):
        yield RUNS / f"{stem}-{now}-{number}"


def write_command(recipe: Recipe) -> str:
    """Write the command that repeats a run, with the flags of the user.

    Example:
    >>> write_command(make_recipe(seed=3, remat=True, workdir="my runs"))
    "python -m ntaa_tf.adapt --remat '--workdir=my runs' --seed=3"
    """
    flags = []
    for name, value in recipe.to_dict().items():
        if name not in recipe.given or value is None:
            continue
        if isinstance(value, bool):
            flags.append(f"--{name}" if value else f"--no{name}")
        else:
            flags.append(shlex.quote(f"--{name}={value}"))
    return " ".join(["python -m ntaa_tf.adapt", *flags])


def open_run_directory(recipe: Recipe, path: Path) -> RunDirectory:
    """Open the run directory of a recipe, or create it.

    Args:
        recipe: recipe of the run.
        path: path of the directory.

    Raises:
        ValueError: if it has the run of another recipe.
    """
    choices = list_kept_choices(recipe)
    _check_names(path, choices)
    return RunDirectory(path, choices, find_versions())


def _check_names(path: Path, choices: dict[str, Any]) -> None:
    """Raise a ValueError if a run has former choices, or lacks new ones.

    Args:
        path: path of the run directory.
        choices: choices of the present recipe, by name.
    """
    try:
        kept = read_json(path / RECIPE_FILE)["choices"]
        former = sorted((RENAMED.keys() | GONE.keys()) & kept.keys())
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        return  # `RunDirectory` reads it again, and raises the error.
    new: list[str] = []
    # A directory without any result gives way to another recipe.
    if any(path.glob(f"*/{RESULT_FILE}")):
        new = [n for n in choices if n not in kept and choices[n] is not None]
    for names, word in ((former, "with"), (new, "without")):
        if names:
            listed = ", ".join(f"--{name}" for name in names)
            raise ValueError(
                f"{path} keeps a run of an earlier version, {word} {listed}. "
                "Choose another --workdir."
            )


def list_kept_choices(recipe: Recipe) -> dict[str, Any]:
    """List the choices that two runs of one recipe must share, by name.

    The run directory may be moved, so its path is not among them.
    """
    choices = recipe.to_dict()
    del choices["workdir"]
    return choices


def find_versions() -> dict[str, str]:
    """Find the versions of the libraries that decide the numbers."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def shorten_names(recipe: Recipe) -> dict[str, str]:
    """Return the names of model and data set, without their paths.

    Example:
    >>> shorten_names(make_recipe(model="my.zoo:net", dataset="folder:birds"))
    {'model': 'net', 'dataset': 'birds'}
    """
    model = recipe.source.model.rpartition(":")[2]
    dataset = recipe.data.dataset
    if dataset.startswith(("arrays:", "folder:", "market:")):
        dataset = Path(dataset.partition(":")[2]).resolve().name
    return {
        "model": Path(model).name.removesuffix(".keras"),
        "dataset": dataset,
    }
