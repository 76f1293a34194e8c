r"""Run every recipe at a small size, with its own flags and generated data.

    python tools/smoke_recipes.py --workdir=runs/smoke
    python tools/smoke_recipes.py --workdir=runs/smoke --only=efficientnet

Each recipe is run by the command in its header. Generated stand-ins for the
same task replace the data sets, weights and model files that would have to be
downloaded. Images are small, and one site is searched. A second call skips
the recipes that are finished.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

# TensorFlow reads this variable once, when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags
from aftermath import quote_last_lines
from stand_ins import FACES
from stand_ins import IDENTITIES
from stand_ins import SOURCE
from stand_ins import write_stand_ins
from tool import run_tool

from ntaa_tf.command_line import RESUMABLE
from ntaa_tf.command_line import check_no_words
from ntaa_tf.commands.adapt import define_flags as define_flags_of_adapt
from ntaa_tf.commands.adapt import read_recipe
from ntaa_tf.recipe import Recipe
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json

RECIPES = Path(__file__).parents[1] / "recipes"
COMMAND = re.compile(r"ntaa adapt +(.*?)(?:$| {2,}\()", re.M)
IMAGE_SIZES = {"classification": "32", "retrieval": "96x32", "attributes": "32"}
LARGER_SIZE = "36"
SECONDS_FILE = "seconds.json"


def list_recipes() -> list[Path]:
    """List the files of all recipes."""
    return sorted(RECIPES.glob("*.flags"))


def read_command(file: Path) -> list[str]:
    """Read the flags of the first `adapt` command in a recipe's header.

    Its --recipe becomes the --flagfile of this file.

    Args:
        file: flag file of the recipe.

    Raises:
        ValueError: if no command in the header uses this recipe.
    """
    lines = file.read_text("utf-8").splitlines()
    header = [line[1:] for line in lines if line.startswith("#")]
    text = "\n".join(header).replace("\\\n", " ")
    own = f"--recipe={file.stem}"
    for command in COMMAND.findall(text):
        if own in (words := shlex.split(command)):
            words[words.index(own)] = f"--flagfile={file}"
            return words
    raise ValueError(
        f"The header of recipe {file.name} does not show its command. Add the "
        f"comment: ntaa adapt {own}"
    )


def parse(words: list[str]) -> Recipe:
    """Parse flags of `ntaa_tf.adapt`.

    Example:
    >>> parse(["--model=vgg19", "--seed=3"]).output.seed
    3
    """
    values = flags.FlagValues()
    define_flags_of_adapt(values)
    values(["adapt", *words])
    return read_recipe(values)


def list_stand_ins(
    recipe: Recipe, directory: Path, own_model: bool = True
) -> list[str]:
    """List the flags that replace downloads and make a recipe small.

    Args:
        recipe: recipe of the command in the header.
        directory: directory that `write_stand_ins` has filled.
        own_model: whether to build a Keras model of the recipe, untrained,
            or to replace it as well, by a tiny model. Networks of cells are
            never replaced.
    """
    task = recipe.data.task
    words = ["--smoke", "--nobaseline", f"--image_size={IMAGE_SIZES[task]}"]
    dataset = "digits"
    if task == "retrieval":
        dataset = f"market:{directory / IDENTITIES}"
    elif task == "attributes":
        dataset = recipe.data.dataset
        words.append(f"--data_dir={directory / FACES}")
    words.append(f"--dataset={dataset}")
    if recipe.data.resize is not None:
        words.append(f"--resize={LARGER_SIZE}")
    if recipe.domains.source_dataset is not None:
        words.append(f"--source_dataset={dataset}")
    if recipe.unsupervised.supernet is not None:
        words.append(f"--supernet={directory / 'supernet' / task}")
    if recipe.source.has_cells:
        return words
    if own_model and not recipe.source.model.endswith(".keras"):
        return [*words, "--sites=last:1", "--weights=none"]
    words += ["--sites=last:1", f"--model={directory / SOURCE}"]
    return [*words, "--preprocessing=torch", "--weights=imagenet"]


def smoke(file: Path, workdir: Path) -> str:
    """Run a recipe with its own model, unless it is finished.

    Args:
        file: flag file of the recipe.
        workdir: parent of all run directories, with the stand-ins in it.

    Returns:
        The duration of the last call that ran it, such as "12 s", or
        "failed: " and the last lines of its log.
    """
    path = workdir / file.stem
    seconds = path / SECONDS_FILE
    if seconds.exists():
        return f"{read_json(seconds):.0f} s"
    words = read_command(file)
    words += list_stand_ins(parse(words), workdir)
    begin = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-m", "ntaa_tf.adapt", *words, f"--workdir={path}"],
        capture_output=True,
        text=True,
    )
    if result.returncode:
        return f"failed: {quote_last_lines(result.stderr)}"
    write_json(seconds, time.monotonic() - begin)
    return f"{read_json(seconds):.0f} s"


def follow(words: list[str]) -> int:
    """Run the recipes that the flags select, and print a table.

    Returns:
        1 if a recipe failed, else 0.
    """
    check_no_words(words)
    workdir = Path(flags.FLAGS.workdir).absolute()
    files = [f for f in list_recipes() if re.search(flags.FLAGS.only, f.stem)]
    width = max((len(file.stem) for file in files), default=0)
    write_stand_ins(workdir)
    outcomes = []
    for file in files:
        outcomes.append(smoke(file, workdir))
        print(f"{file.stem:{width}}  {outcomes[-1]}", flush=True)
    return int(any(outcome.startswith("failed") for outcome in outcomes))


if __name__ == "__main__":
    flags.DEFINE_string("workdir", "runs/smoke", "Directory of the runs.")
    flags.DEFINE_string(
        "only",
        "",
        "Regular expression for the names of the recipes to run.",
    )
    run_tool(__doc__, follow, stopped=RESUMABLE)
