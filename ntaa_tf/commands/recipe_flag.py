"""The flag --recipe of the commands that train."""

from collections.abc import Sequence

from absl import flags

from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import show_and_exit
from ntaa_tf.recipe.shipped import find_recipe
from ntaa_tf.recipe.shipped import list_shipped

NAME = "recipe"
LIST = "list"
BRIEF = "name of a recipe, or its file; list shows all names"
HEADING = Heading("Recipe", {NAME: BRIEF})


def define_recipe_flag(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the flag.

    Args:
        values: collection that gets the flag; by default absl's own.
    """
    flags.DEFINE_string(
        NAME,
        None,
        "Recipe: the name of one of the package's own, or a file of flags. "
        "All other flags override it, wherever they stand, and so do those of "
        "a --flagfile. --recipe=list shows the names.",
        flag_values=values,
    )


def put_recipe_first(arguments: Sequence[str]) -> list[str]:
    """Replace --recipe by a flag file before all other flags.

    The later of two flags wins, so all others override those of the recipe.
    With --recipe=list, show the recipes and exit.

    Args:
        arguments: words of a command line, the program's name first.

    Raises:
        ValueError: if there is no such recipe.
    """
    program, *words = arguments
    files, others = [], []
    while words and words[0] != "--":
        word = words.pop(0)
        flag, is_joined, value = word.partition("=")
        if flag.lstrip("-") != NAME or not flag.startswith("-"):
            others.append(word)
            continue
        if not is_joined:
            value = words.pop(0) if words else ""
        show_recipes_if_asked(value)
        files.append(f"--flagfile={find_recipe(value)}")
    return [program, *files, *others, *words]


def show_recipes_if_asked(value: str | None) -> None:
    """Show the recipes of the package and exit if the flag asks for them.

    Args:
        value: value of the flag.
    """
    if value == LIST:
        show_and_exit(describe_recipes())


def describe_recipes() -> str:
    """Return a line for each recipe of the package."""
    shipped = list_shipped()
    width = max(map(len, shipped), default=0)
    return "\n".join(f"{n:{width}}  {text}" for n, text in shipped.items())


def check_recipe_flag(values: flags.FlagValues = flags.FLAGS) -> None:
    """Raise a ValueError if a file of flags has --recipe.

    `put_recipe_first` takes it from the command line only.

    Args:
        values: parsed flags.
    """
    if values[NAME].present:
        raise ValueError(
            f"--{NAME}={values[NAME].value} can't stand in a file of flags. "
            "Write --flagfile=PATH there."
        )
