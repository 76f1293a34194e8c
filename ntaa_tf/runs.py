"""Where a run is kept, and what it is known by."""

import hashlib
import importlib.metadata
import json
import re
import shlex
from pathlib import Path

from ntaa_tf.recipe import Recipe
from ntaa_tf.workdir import WorkDirectory

LIBRARIES = ("ntaa-tf", "keras", "tensorflow", "tensorflow-cpu", "numpy")


def name_workdir(recipe: Recipe) -> Path:
    """Give the work directory, by default one named after the recipe.

    Choices that are neither defaults nor in the name are in a digest at its
    end, so that each recipe has a directory of its own.
    """
    if recipe.workdir is not None:
        return Path(recipe.workdir)
    named = {
        **shorten_names(recipe),
        "method": recipe.method,
        "seed": f"seed{recipe.seed}",
    }
    others = {
        name: value
        for name, value in recipe.to_dict().items()
        if name not in named and value != Recipe().to_dict()[name]
    }
    words = [re.sub(r"\W+", "_", word) for word in named.values()]
    if others:
        text = json.dumps(others, sort_keys=True)
        words.append(hashlib.sha256(text.encode()).hexdigest()[:6])
    return Path("runs") / "-".join(words)


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


def open_workdir(recipe: Recipe, path: Path) -> WorkDirectory:
    """Open a work directory: a new one, or this recipe's own.

    Raises:
        ValueError: if it is another recipe's.
    """
    choices = recipe.to_dict()
    del choices["workdir"]
    return WorkDirectory(path, choices, find_versions())


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
    """Name the model and the data set without the paths of their files."""
    return {
        "model": Path(recipe.model).stem,
        "dataset": Path(recipe.dataset.removeprefix("folder:")).name,
    }
