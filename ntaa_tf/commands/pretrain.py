r"""Train a supernet without labels, once for many tasks, from the command line.

    ntaa pretrain --model=resnet50 --image_size=128 \
        --dataset=cifar10 --out=super/
    ntaa adapt --model=resnet50 --image_size=128 \
        --method=unsupervised --supernet=super/ --dataset=folder:PATH

The second command is repeated for each task.
"""

import sys
from typing import Any

from absl import app
from absl import flags

from ntaa_tf.command_line import BAD_INPUT
from ntaa_tf.command_line import Heading
from ntaa_tf.commands.adapt import define_flags as define_flags_of_adapt
from ntaa_tf.commands.adapt import main as adapt
from ntaa_tf.commands.adapt import make_flags_parser
from ntaa_tf.commands.recipe_flag import HEADING as RECIPE
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.flags import list_headings
from ntaa_tf.recipe.sections.limits import FLAGS as LIMIT_FLAGS

METHOD = "unsupervised"
NOT_HERE = ("inspect", "method", "supernet", "supernet_dataset", "workdir")
SUPERNET = Heading(
    "Supernet",
    {
        "out": "directory of the supernet",
        "supernet_epochs": "epochs of its training",
    },
)
OF_ADAPT = Heading(
    "Only for ntaa_tf.adapt",
    others=(
        *NOT_HERE,
        *("baseline", "hand_over", "tolerance", "learning_rate_trials"),
        *("search_epochs", "finetune_epochs", "class_weights", "keep"),
        *LIMIT_FLAGS.values(),
    ),
)
_ELSEWHERE = (*SUPERNET.names, *OF_ADAPT.names)
HEADINGS = (
    RECIPE,
    SUPERNET,
    *(heading.without(_ELSEWHERE) for heading in list_headings()),
    OF_ADAPT,
)


def define_flags() -> None:
    """Define the flags of `adapt`, and the directory of the supernet."""
    define_flags_of_adapt()
    flags.DEFINE_string("out", None, "Directory of the supernet.")


def main(arguments: list[str]) -> int:
    """Train the supernet that the flags describe.

    Returns:
        The exit status, as of `adapt`.
    """
    out: Any = flags.FLAGS["out"].value
    given = [f"--{name}" for name in NOT_HERE if flags.FLAGS[name].present]
    if not out:
        print("error: --out=DIRECTORY is needed.", file=sys.stderr)
        return BAD_INPUT
    if given:
        print(
            f"error: {', '.join(given)} can't be used here. Remove it, or use "
            "it with ntaa_tf.adapt.",
            file=sys.stderr,
        )
        return BAD_INPUT
    return adapt(arguments, _pretrain, method=METHOD, supernet=out)


def _pretrain(recipe: Recipe) -> None:
    from ntaa_tf import pipeline
    from ntaa_tf.distribute import is_silent

    history = pipeline.pretrain(recipe)
    if is_silent(recipe.compute.distribute):
        return
    if history:
        first, last = history["loss"][0], history["loss"][-1]
        print(f"Loss of the supernet: {first:.3f} at first, {last:.3f} now.")
    else:
        print("The supernet is there already.")
    print(
        f"Use it by --method={METHOD} --supernet="
        f"{recipe.unsupervised.supernet}, with the same --model, --sites and "
        "--image_size."
    )


def start() -> None:
    """Define the flags, parse the command line, and end with its status."""
    define_flags()
    app.run(main, flags_parser=make_flags_parser(__doc__, HEADINGS))
