"""The recipes of the package, found by name."""

import difflib
from pathlib import Path

# In the repository, a link to the folder `recipes` beside the package.
FOLDER = Path(__file__).parents[1] / "recipes"
ENDING = ".flags"


def list_shipped() -> dict[str, str]:
    """List the recipes of the package by name, with a line about each.

    Example:
    >>> list_shipped()["cifar10_resnet50"]
    'ResNet50 from ImageNet to CIFAR-10.'
    """
    return {
        file.stem: file.read_text("utf-8").partition("\n")[0].lstrip("# ")
        for file in sorted(FOLDER.glob(f"*{ENDING}"))
    }


def find_recipe(given: str) -> Path:
    """Find the file of a recipe.

    Args:
        given: name of a recipe of the package, or a file: a path with a slash
            or the ending `.flags`.

    Raises:
        ValueError: if there is no such recipe or file.

    Example:
    >>> find_recipe("cifar10_resnet50").name
    'cifar10_resnet50.flags'
    """
    if "/" in given or given.endswith(ENDING):
        return _find_file(Path(given).expanduser())
    names = list(list_shipped())
    if given not in names:
        close = difflib.get_close_matches(given, names)
        meant = f" Did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(
            f"There is no recipe {given!r}.{meant} Choose one of "
            f"{', '.join(names)}, or a file by its path."
        )
    return FOLDER / f"{given}{ENDING}"


def _find_file(file: Path) -> Path:
    if file.is_file():
        return file
    near = " Name a file, or a recipe of the package."
    if file.stem in list_shipped():
        near = f" --recipe={file.stem} is a recipe of the package."
    raise ValueError(f"There is no recipe file {file}.{near}")
