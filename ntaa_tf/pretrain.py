r"""Train a supernet without labels, once for many tasks, from the command line.

    python -m ntaa_tf.pretrain --model=resnet50 --image_size=128 \
        --dataset=cifar10 --out=super/
    python -m ntaa_tf.adapt --model=resnet50 --image_size=128 \
        --method=unsupervised --supernet=super/ --dataset=folder:PATH

The second command is for each task.
"""

import sys
from typing import Any

# First of all: it sets what TensorFlow reads once.
from ntaa_tf import adapt  # isort: skip

from absl import app
from absl import flags

from ntaa_tf.command_line import BAD_INPUT
from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import make_parser
from ntaa_tf.distribute import is_silent
from ntaa_tf.pipeline import pretrain
from ntaa_tf.recipe import BUDGETS
from ntaa_tf.recipe import GROUPS
from ntaa_tf.recipe import Recipe

METHOD = "unsupervised"
NOT_HERE = ("inspect", "method", "supernet", "supernet_dataset", "workdir")
SUPERNET = Heading(
    "Supernet",
    {
        "out": "the directory that gets it",
        "supernet_epochs": "epochs of its training",
    },
)
OF_ADAPT = Heading(
    "Of ntaa_tf.adapt alone",
    others=(
        *NOT_HERE,
        *("baseline", "guard", "tune", "search_epochs", "finetune_epochs"),
        *BUDGETS.values(),
    ),
)
_ELSEWHERE = (*SUPERNET.names, *OF_ADAPT.names)
HEADINGS = (SUPERNET, *(g.without(_ELSEWHERE) for g in GROUPS), OF_ADAPT)


def define_flags() -> None:
    """Define the flags of `adapt`, and where the supernet goes."""
    adapt.define_flags()
    flags.DEFINE_string("out", None, "The directory that gets the supernet.")


def main(arguments: list[str]) -> int:
    """Train the supernet that the flags describe.

    Returns:
        The exit status, as of `adapt`.
    """
    out: Any = flags.FLAGS["out"].value
    given = [name for name in NOT_HERE if flags.FLAGS[name].present]
    if out is None or given:
        print(
            "error: Invalid command line. Expected --out=DIRECTORY, and none "
            f"of {', '.join(NOT_HERE)}, which are of `ntaa_tf.adapt`. "
            f"Received: --out={out}, {', '.join(given) or 'none of those'}.",
            file=sys.stderr,
        )
        return BAD_INPUT
    return adapt.main(arguments, _follow, method=METHOD, supernet=out)


def _follow(recipe: Recipe) -> None:
    history = pretrain(recipe)
    if is_silent(recipe.distribute):
        return
    if history:
        losses = history["loss"]
        print(f"The loss went from {losses[0]:.3f} to {losses[-1]:.3f}.")
    else:
        print("The supernet is there already, and is the same.")
    print(
        f"Use it by --method={METHOD} --supernet={recipe.supernet}, with the "
        "same --model, sites and --image_size."
    )


if __name__ == "__main__":
    define_flags()
    app.run(main, flags_parser=make_parser(__doc__, HEADINGS))
