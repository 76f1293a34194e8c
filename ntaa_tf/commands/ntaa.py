"""Adapt pretrained Keras models to your images: the command `ntaa`.

    ntaa adapt --model=resnet50 --dataset=cifar10
    ntaa inspect --model=resnet50 --dataset=cifar10
    ntaa predict --model=runs/cifar10 photos/
    ntaa pretrain --model=resnet50 --dataset=cifar10 --out=super/
    ntaa compare --methods=finetune,ntaa --seeds=4
    ntaa launch --workers=2 -- --smoke
    ntaa describe --dataset=market:images

Each has its own --help. `python -m ntaa_tf adapt` is `ntaa adapt`, and so on.
"""

import difflib
import importlib
import sys

from ntaa_tf.command_line import BAD_INPUT

# The module of each command, and the flags that it is called with.
COMMANDS: dict[str, tuple[str, list[str]]] = {
    "adapt": ("adapt", []),
    "inspect": ("adapt", ["--inspect"]),
    "predict": ("predict", []),
    "pretrain": ("pretrain", []),
    "compare": ("compare", []),
    "launch": ("launch", []),
    "describe": ("describe", []),
}


def start() -> None:
    """Run the command that the first word names, with the other words."""
    words = sys.argv[1:]
    if not words or words[0] in ("--help", "-h", "help"):
        print(__doc__)
        return
    name, *rest = words
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        meant = f" Did you mean `ntaa {near[0]}`?" if near else ""
        print(
            f"error: there is no command {name!r}.{meant} Choose "
            f"{', '.join(COMMANDS)}.",
            file=sys.stderr,
        )
        sys.exit(BAD_INPUT)
    module, flags = COMMANDS[name]
    sys.argv = [f"ntaa {name}", *flags, *rest]
    importlib.import_module(f"ntaa_tf.commands.{module}").start()
