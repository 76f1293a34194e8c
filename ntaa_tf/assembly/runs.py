"""Where a run is kept, and what it is known by."""

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

from ntaa_tf.distribute import is_led
from ntaa_tf.recipe import Recipe
from ntaa_tf.storage.run_directory import OccupiedError
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.storage.run_directory import claim
from ntaa_tf.storage.run_directory import is_empty
from ntaa_tf.storage.run_directory import is_unfinished

RUNS = Path("runs")
LIBRARIES = ("ntaa-tf", "keras", "tensorflow", "tensorflow-cpu", "numpy")

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def claim_workdir(recipe: Recipe) -> Iterator[Path]:
    """Keep a work directory for a run, and others out, while the block runs.

    Where the recipe names none it is the newest below `runs/` that keeps an
    unfinished run of this very recipe, in which no other run is under way;
    else a new one, named after the model, the data set, the method and the
    time.

    Args:
        recipe: of the run.

    Yields:
        The directory.

    Raises:
        OccupiedError: if another run is in the one that the recipe names.
        ValueError: if that keeps a run of another recipe, or no run.
    """
    if is_led():  # The chief claims it, and says which.
        yield Path(recipe.workdir or RUNS)
        return
    with contextlib.ExitStack() as claims:
        if recipe.workdir is None:
            path = _claim_default(recipe, claims)
        else:
            path = Path(recipe.workdir)
            claims.enter_context(claim(path))
            open_workdir(recipe, path)  # Before others copy it.
        yield path


def _claim_default(recipe: Recipe, claims: contextlib.ExitStack) -> Path:
    """Claim the first directory that is this recipe's or nobody's."""
    choices = list_choices(recipe)
    words = [*shorten_names(recipe).values(), recipe.method]
    stem = "-".join(re.sub(r"\W+", "_", word) for word in words)
    there = sorted(RUNS.glob(f"{stem}-*"), reverse=True)
    unfinished = [path for path in there if is_unfinished(path, choices)]
    path = next(
        path
        for path in itertools.chain(unfinished, _list_new(stem))
        if _claim_if_free(path, choices, claims)
    )
    logger.info(
        "%s: %s; should it be stopped, the same command goes on, or one with "
        "--workdir=%s",
        *(path, "goes on" if path in unfinished else "a new run", path),
    )
    return path


def _claim_if_free(
    path: Path, choices: dict[str, Any], claims: contextlib.ExitStack
) -> bool:
    with contextlib.ExitStack() as attempt:
        try:
            attempt.enter_context(claim(path))
        except OccupiedError:
            return False
        # Another may just have finished it, or begun it.
        is_free = is_empty(path) or is_unfinished(path, choices)
        if is_free:
            claims.enter_context(attempt.pop_all())
        return is_free


def _list_new(stem: str) -> Iterator[Path]:
    """List names of now, as many as are asked for."""
    now = time.strftime("%Y%m%d-%H%M%S")
    yield RUNS / f"{stem}-{now}"
    for number in itertools.count(2):
        yield RUNS / f"{stem}-{now}-{number}"


def write_command(recipe: Recipe) -> str:
    """Write the command that runs a recipe, without what is by default.

    Example:
    >>> write_command(Recipe(seed=3, guard=True, workdir="my runs"))
    "python -m ntaa_tf.adapt --guard --seed=3 '--workdir=my runs'"
    """
    defaults = Recipe().to_dict()
    flags = []
    for name, value in recipe.to_dict().items():
        if value == defaults[name]:
            continue
        if isinstance(value, bool):
            flags.append(f"--{name}" if value else f"--no{name}")
        else:
            flags.append(shlex.quote(f"--{name}={value}"))
    return " ".join(["python -m ntaa_tf.adapt", *flags])


def open_workdir(recipe: Recipe, path: Path) -> RunDirectory:
    """Open a work directory: a new one, or this recipe's own.

    Raises:
        ValueError: if it is another recipe's.
    """
    return RunDirectory(path, list_choices(recipe), find_versions())


def list_choices(recipe: Recipe) -> dict[str, Any]:
    """List what makes a recipe this recipe, wherever its run is kept."""
    choices = recipe.to_dict()
    del choices["workdir"]
    return choices


def find_versions() -> dict[str, str]:
    """Give the versions of the libraries that decide the numbers."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def shorten_names(recipe: Recipe) -> dict[str, str]:
    """Name the model and the data set without the paths of their files.

    Example:
    >>> shorten_names(Recipe(model="my.zoo:small", dataset="folder:../birds"))
    {'model': 'small', 'dataset': 'birds'}
    """
    model = recipe.model.rpartition(":")[2]
    dataset = recipe.dataset
    if dataset.startswith(("folder:", "market:")):
        dataset = Path(dataset.partition(":")[2]).resolve().name
    return {
        "model": Path(model).name.removesuffix(".keras"),
        "dataset": dataset,
    }
