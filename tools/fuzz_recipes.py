"""Draw recipes at random: each has to run, or to be refused in one line.

    python tools/fuzz_recipes.py --runs=50 --seed=0

A recipe is the default one with a few choices changed, to values that make
sense and to some that do not. It is run by `python -m ntaa_tf.adapt --smoke`.
What neither ends well nor is refused by one clear message is printed, and kept
with what it said.
"""

import dataclasses
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import typing
from collections import Counter
from pathlib import Path
from typing import Any

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags

from ntaa_tf.command_line import BAD_INPUT
from ntaa_tf.command_line import FAILED
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line import refuse_words
from ntaa_tf.recipe import Recipe

CHANGED = 4  # Choices of a recipe, at most.
MOST_SECONDS = 1200.0  # Of a smoke run, on a busy machine.
ERROR = "error: "
# How a refusal reads: what was expected, and what was received.
REFUSAL = re.compile(r"Invalid .*Expected .*Received.*|.* in --\w+.*", re.S)
NUMBERS: dict[type, tuple[Any, ...]] = {
    bool: (False, True),
    int: (-1, 0, 1, 2, 3, 7),
    float: (-1.0, 0.0, 0.05, 0.5, 1.0, float("nan"), float("inf")),
}
LIMITS = ("0.5x", "0.9x", "0.001x", "1e9", "x", "-1", "nan")
TEXTS: dict[str, tuple[str, ...]] = {
    "model": ("digits0to4", "autoreid", "no_such_model", "gone.keras"),
    "weights": ("none", "gone.weights.h5"),
    "preprocessing": ("none", "tf", "torch", "other"),
    "dataset": ("digits", "digits5to9", "folder:gone", "no_such_set", ""),
    "source_dataset": ("digits0to4", "digits", "no_such_set"),
    "transfer_dataset": ("digits0to4", "no_such_set"),
    "supernet_dataset": ("digits", "no_such_set"),
    "data_dir": ("gone",),
    "source_data_dir": ("gone",),
    "image_size": ("8", "16", "12x16", "0", "large"),
    "resize": ("20", "4", "large"),
    "architecture": ("gone.json",),
    "supernet": ("gone.json/super",),
    "target": ("age", "both"),
    "ordinal": ("age",),
    "export": ("saved_model", "onnx,openvino", "no_such_format", ""),
    "trainable_from": ("0.5", "1.5", "no_such_layer"),
    "candidates": ("ntaa", "identity", "conv5x5,noise", "no_such_op", ""),
    "sites": ("spatial", "last:1", "last:0", "no_such_site", "("),
    "max_macs": LIMITS,
    "max_params": LIMITS,
    "max_depth": LIMITS,
    "max_latency_ms": LIMITS,
    "max_weight_free": LIMITS,
}
# Where a run is kept is the tool's to say, and that it is small.
FIXED = ("workdir", "smoke")


def list_values(field: dataclasses.Field[Any]) -> tuple[Any, ...]:
    """List values to draw for a choice, good ones and bad ones.

    Args:
        field: of `Recipe`.
    """
    if field.name in TEXTS:
        return TEXTS[field.name]
    if field.metadata["choices"]:
        return tuple(field.metadata["choices"])
    kind = typing.get_type_hints(Recipe)[field.name]
    kinds = typing.get_args(kind) or (kind,)
    return next(NUMBERS[kind] for kind in kinds if kind in NUMBERS)


def draw_choices(draw: random.Random) -> dict[str, Any]:
    """Draw the choices of a recipe that are not the default's.

    Args:
        draw: what is random.

    Example:
    >>> len(draw_choices(random.Random(0))) <= CHANGED
    True
    """
    fields = [f for f in dataclasses.fields(Recipe) if f.name not in FIXED]
    chosen = draw.sample(fields, draw.randint(1, CHANGED))
    return {field.name: draw.choice(list_values(field)) for field in chosen}


def write_flags(choices: dict[str, Any]) -> list[str]:
    """Write choices as flags.

    Example:
    >>> write_flags({"guard": False, "seed": 3})
    ['--noguard', '--seed=3']
    """
    return [
        f"--{name}={value}"
        if not isinstance(value, bool)
        else f"--{name}"
        if value
        else f"--no{name}"
        for name, value in choices.items()
    ]


def judge(status: int, stderr: str) -> str:
    """Say how a run ended: `ran`, `refused`, or `failed`.

    Args:
        status: its exit status.
        stderr: what it said.
    """
    if status == 0:
        return "ran"
    errors = [
        line.removeprefix(ERROR)
        for line in stderr.splitlines()
        if line.startswith(ERROR)
    ]
    is_clear = len(errors) == 1 and REFUSAL.fullmatch(errors[0])
    traced = "Traceback" in stderr
    return (
        "refused"
        if status == BAD_INPUT and is_clear and not traced
        else "failed"
    )


def run_for(
    command: list[str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run a command; one that takes longer fails."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"") + (late.stderr or b"")
        text = f"{said.decode(errors='replace')}not ended in {seconds:.0f} s"
        return subprocess.CompletedProcess(command, FAILED, "", text)


def main(arguments: list[str]) -> int:
    """Run recipes, and print how many ended how.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`; 1 if one failed.
    """
    return end(lambda: follow(arguments[1:]))


def follow(words: list[str]) -> int:
    """Run as many recipes as the flags say, and print a line of each."""
    refuse_words(words)
    workdir = Path(flags.FLAGS.workdir)
    draw = random.Random(flags.FLAGS.seed)
    outcomes: Counter[str] = Counter()
    for run in range(flags.FLAGS.runs):
        given = write_flags(draw_choices(draw))
        path = workdir / f"{flags.FLAGS.seed}-{run}"
        command = [sys.executable, "-m", "ntaa_tf.adapt", "--smoke"]
        command += [*given, f"--workdir={path}"]
        shutil.rmtree(path, ignore_errors=True)
        result = run_for(command, MOST_SECONDS)
        outcome = judge(result.returncode, result.stderr)
        outcomes[outcome] += 1
        print(f"{outcome:8} {shlex.join(given)}", flush=True)
        if outcome == "failed":
            said = path.with_suffix(".txt")
            said.parent.mkdir(parents=True, exist_ok=True)
            said.write_text(result.stdout + result.stderr, "utf-8")
    print(", ".join(f"{outcomes[name]} {name}" for name in sorted(outcomes)))
    return int(outcomes["failed"] > 0)


if __name__ == "__main__":
    flags.DEFINE_integer("runs", 50, "How many recipes are drawn.")
    flags.DEFINE_integer("seed", 0, "Of what is drawn.")
    flags.DEFINE_string("workdir", "runs/fuzz", "Where runs are kept.")
    app.run(main, flags_parser=make_parser(__doc__))
