"""Run random recipes: each must run, or be refused in one line.

    python tools/fuzz_recipes.py --runs=50 --seed=0

A recipe is the default recipe with a few flags changed, to valid values and to
invalid ones. It is run with `python -m ntaa_tf.adapt --smoke`. A run fails if
it neither succeeds nor ends with one clear message. Failed runs are printed,
and their output is kept beside the run directory as a `.txt` file.
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

# TensorFlow reads this variable once, when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags
from tool import run_tool

from ntaa_tf.command_line import BAD_INPUT
from ntaa_tf.command_line import FAILED
from ntaa_tf.command_line import check_no_words
from ntaa_tf.recipe.choices import get_description
from ntaa_tf.recipe.recipe import SECTIONS
from ntaa_tf.recipe.recipe import list_choices

EMBEDDED = {"model": "digits0to4", "dataset": "digits5to9"}
MOST_CHANGES = 4  # Flags of a recipe that differ from the default.
MOST_SECONDS = 1200.0  # A smoke run takes less even on a busy machine.
ERROR = "error: "
# A clear message names the flag, as --name, or the argument, as `name`.
NAMED = re.compile(r"(?:--|`)([a-z]\w*)")
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
    "teacher": ("gone.keras",),
    "teacher_image_size": ("8", "20", "12x16", "large"),
    "architecture": ("gone.json",),
    "supernet": ("gone.json/super",),
    "attributes": ("age", "both"),
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
# The tool itself sets the run directory and the size of the run.
FIXED = ("workdir", "smoke")


def list_values(section: str, field: dataclasses.Field[Any]) -> tuple[Any, ...]:
    """List the values that are drawn for a field, valid and invalid ones.

    Args:
        section: name of the recipe's section.
        field: field of the section.
    """
    if field.name in TEXTS:
        return TEXTS[field.name]
    if get_description(field).options:
        return get_description(field).options
    kind = typing.get_type_hints(SECTIONS[section])[field.name]
    kinds = typing.get_args(kind) or (kind,)
    return next(NUMBERS[kind] for kind in kinds if kind in NUMBERS)


def draw_choices(draw: random.Random) -> dict[str, Any]:
    """Draw the choices of a recipe that are changed, and their values.

    Args:
        draw: random number generator.

    Example:
    >>> len(draw_choices(random.Random(0))) <= MOST_CHANGES + 1
    True
    """
    values = {
        field.name: list_values(section, field)
        for section, field, _ in list_choices()
        if field.name not in FIXED
    }
    chosen = draw.sample(sorted(values), draw.randint(1, MOST_CHANGES))
    drawn = {name: draw.choice(values[name]) for name in chosen}
    if drawn.keys() & EMBEDDED.keys():
        drawn = EMBEDDED | drawn  # One of them alone is refused.
    return drawn


def write_flags(choices: dict[str, Any]) -> list[str]:
    """Write choices as flags.

    Example:
    >>> write_flags({"remat": False, "seed": 3})
    ['--noremat', '--seed=3']
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
    """Classify the end of a run as "ran", "refused" or "failed".

    Args:
        status: exit status of the run.
        stderr: standard error of the run.
    """
    if status == 0:
        return "ran"
    errors = [
        line.removeprefix(ERROR)
        for line in stderr.splitlines()
        if line.startswith(ERROR)
    ]
    is_clear = len(errors) == 1 and NAMED.search(errors[0])
    traced = "Traceback" in stderr
    return (
        "refused"
        if status == BAD_INPUT and is_clear and not traced
        else "failed"
    )


def run_for(
    command: list[str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run a command. It counts as failed if it takes longer than allowed.

    Args:
        command: words of the command.
        seconds: most seconds that it may take.
    """
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"") + (late.stderr or b"")
        text = f"{output.decode(errors='replace')}not ended in {seconds:.0f} s"
        return subprocess.CompletedProcess(command, FAILED, "", text)


def follow(words: list[str]) -> int:
    """Run random recipes, and print a line for each.

    Returns:
        1 if a run failed, else 0.
    """
    check_no_words(words)
    workdir = Path(flags.FLAGS.workdir)
    draw = random.Random(flags.FLAGS.seed)
    outcomes: Counter[str] = Counter()
    for run in range(flags.FLAGS.runs):
        changed = write_flags(draw_choices(draw))
        path = workdir / f"{flags.FLAGS.seed}-{run}"
        command = [sys.executable, "-m", "ntaa_tf.adapt", "--smoke"]
        command += [*changed, f"--workdir={path}"]
        shutil.rmtree(path, ignore_errors=True)
        result = run_for(command, MOST_SECONDS)
        outcome = judge(result.returncode, result.stderr)
        outcomes[outcome] += 1
        print(f"{outcome:8} {shlex.join(changed)}", flush=True)
        if outcome == "failed":
            log = path.with_suffix(".txt")
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(result.stdout + result.stderr, "utf-8")
    print(", ".join(f"{outcomes[name]} {name}" for name in sorted(outcomes)))
    return int(outcomes["failed"] > 0)


if __name__ == "__main__":
    flags.DEFINE_integer("runs", 50, "Number of recipes to draw and run.")
    flags.DEFINE_integer("seed", 0, "Random seed.")
    flags.DEFINE_string("workdir", "runs/fuzz", "Directory of the runs.")
    run_tool(__doc__, follow)
