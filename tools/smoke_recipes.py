r"""Run every recipe in little: its own flags, with stand-ins for what it loads.

    python tools/smoke_recipes.py --workdir=runs/smoke
    python tools/smoke_recipes.py --workdir=runs/smoke --only=efficientnet

A recipe is run by the command in its own header. Data sets, weights and model
files, which have to be downloaded, are replaced by generated ones of the same
task, images are small, and one site is searched. What is finished is not run
again.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags
from stand_ins import FACES
from stand_ins import IDENTITIES
from stand_ins import SOURCE
from stand_ins import write_stand_ins

from ntaa_tf.adapt import define_flags as define_flags_of_adapt
from ntaa_tf.adapt import read_recipe
from ntaa_tf.command_line import GOES_ON
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line import refuse_words
from ntaa_tf.recipe import Recipe
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json

RECIPES = Path(__file__).parents[1] / "recipes"
COMMAND = re.compile(r"python -m ntaa_tf\.adapt +(.*?)(?:$| {2,}\()", re.M)
IMAGE_SIZES = {"classification": "32", "retrieval": "96x32", "attributes": "32"}
LARGER_SIZE = "36"
SECONDS_FILE = "seconds.json"
LINES_OF_A_LOG = 3


def list_recipes() -> list[Path]:
    """List the files of all recipes."""
    return sorted(RECIPES.glob("*.flags"))


def read_command(file: Path) -> list[str]:
    """Read the flags of the first `adapt` command in a recipe's header.

    Args:
        file: the recipe.

    Raises:
        ValueError: if there is none that is run with this recipe.
    """
    lines = file.read_text("utf-8").splitlines()
    header = [line[1:] for line in lines if line.startswith("#")]
    text = "\n".join(header).replace("\\\n", " ")
    own = f"--flagfile=recipes/{file.name}"
    for command in COMMAND.findall(text):
        if own in (words := shlex.split(command)):
            words[words.index(own)] = f"--flagfile={file}"
            return words
    raise ValueError(
        f"Invalid recipe {file.name}. Expected a header that says how it is "
        f"run: python -m ntaa_tf.adapt {own}. Received: {text!r}."
    )


def parse(words: list[str]) -> Recipe:
    """Parse flags of `ntaa_tf.adapt`.

    Example:
    >>> parse(["--model=vgg19", "--seed=3"]).seed
    3
    """
    values = flags.FlagValues()
    define_flags_of_adapt(values)
    values(["adapt", *words])
    return read_recipe(values)


def list_stand_ins(
    recipe: Recipe, directory: Path, own_model: bool = True
) -> list[str]:
    """List the flags that replace what a recipe loads, and make it small.

    Args:
        recipe: of the command in its header.
        directory: what `write_stand_ins` has filled.
        own_model: whether a model that Keras knows is built, untrained, or
            replaced as well, by a tiny one. Cells never are.
    """
    words = ["--smoke", f"--image_size={IMAGE_SIZES[recipe.task]}"]
    dataset = "digits"
    if recipe.task == "retrieval":
        dataset = f"market:{directory / IDENTITIES}"
    elif recipe.task == "attributes":
        dataset = recipe.dataset
        words.append(f"--data_dir={directory / FACES}")
    words.append(f"--dataset={dataset}")
    if recipe.resize is not None:
        words.append(f"--resize={LARGER_SIZE}")
    if recipe.source_dataset is not None:
        words.append(f"--source_dataset={dataset}")
    if recipe.supernet is not None:
        words.append(f"--supernet={directory / 'supernet' / recipe.task}")
    if recipe.searches_cells:
        return words
    if own_model and not recipe.model.endswith(".keras"):
        return [*words, "--sites=last:1", "--weights=none"]
    words += ["--sites=last:1", f"--model={directory / SOURCE}"]
    return [*words, "--preprocessing=torch", "--weights=imagenet"]


def smoke(file: Path, workdir: Path) -> str:
    """Run a recipe with its own model, unless it has been.

    Args:
        file: the recipe.
        workdir: of all of them; the stand-ins are in it.

    Returns:
        How many seconds it took, since it was last begun or taken up again,
        or what it failed with.
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
        lines = result.stderr.strip().splitlines()
        return "failed: " + " ".join(lines[-LINES_OF_A_LOG:])
    write_json(seconds, time.monotonic() - begin)
    return f"{read_json(seconds):.0f} s"


def main(arguments: list[str]) -> int:
    """Run the command.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`; 1 if one failed.
    """
    return end(lambda: follow(arguments[1:]), stopped=GOES_ON)


def follow(words: list[str]) -> int:
    """Run all recipes that the flags name, and print a table."""
    refuse_words(words)
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
    flags.DEFINE_string("workdir", "runs/smoke", "Where the runs are kept.")
    flags.DEFINE_string("only", "", "A regular expression that names match.")
    app.run(main, flags_parser=make_parser(__doc__))
