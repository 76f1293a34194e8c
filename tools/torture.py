r"""Kill runs at random moments, and see that they end as whole ones do.

    python tools/torture.py --kills=20 --methods=ntaa,darts
    python tools/torture.py --kills=20 \
        --launcher="python tools/launch.py --workers=2 --" --victim=worker

Each method is run whole once. The same command is then killed by SIGKILL, at
moments drawn uniformly from the seconds that the whole run took, and started
again until it ends, in as many runs as the kills need. After every kill each
file has to be whole; every run has to end with the architecture, the metrics
and, bit for bit, the weights of the whole one.
"""

import os
import random
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags
from aftermath import find_torn_files
from aftermath import list_differences
from victims import VICTIMS
from victims import start

from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line import refuse_words
from ntaa_tf.recipe.methods import METHODS

# What methods need besides: two domains, an architecture, other data.
FLAGS_OF_METHODS = {
    "bilevel": "--source_dataset=digits5to9",
    "retrain": "--architecture={workdir}/ntaa/whole/search/architecture.json",
    "darts+transfer": "--transfer_dataset=digits0to4",
    "spos+transfer": "--transfer_dataset=digits0to4",
}


def torture(
    command: Sequence[str],
    directory: Path,
    kills: int,
    draw: random.Random,
    victim: str = "all",
) -> str:
    """Run a command whole, and killed so many times.

    Args:
        command: all but the work directory.
        directory: gets the runs; what is in it is removed.
        kills: how many.
        draw: gives the moments.
        victim: who is killed, of `VICTIMS`.

    Returns:
        What came of it, in a line.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    whole, log = directory / "whole", directory / "log"
    begin = time.monotonic()
    if start([*command, f"--workdir={whole}"], log).process.wait():
        return f"failed: {_read_end(log)}"
    seconds = time.monotonic() - begin
    killed = runs = 0
    while killed < kills:
        path = directory / f"killed{runs}"
        runs += 1
        attempt = start([*command, f"--workdir={path}"], log)
        while killed < kills and not attempt.ends_in(draw.uniform(0, seconds)):
            killed += 1
            wrong = VICTIMS[victim](attempt, draw)
            if wrong := wrong or ", ".join(find_torn_files(path)):
                return f"failed: {wrong}"
            attempt = start([*command, f"--workdir={path}"], log)
        if attempt.process.wait():
            return f"failed: {_read_end(log)}"
        if differences := list_differences(whole, path):
            return f"failed: {path} differs in {', '.join(differences)}"
    return f"{killed} kills in {runs} runs of {seconds:.0f} s: all as the whole"


def _read_end(log: Path) -> str:
    return " ".join(log.read_text("utf-8", "replace").splitlines()[-3:])


def main(arguments: list[str]) -> int:
    """Torture each method that the flags name, and print what came of it.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`; 1 if one failed.
    """
    return end(lambda: follow(arguments[1:]))


def follow(words: list[str]) -> int:
    """Torture each method, and print a line of it."""
    refuse_words(words)
    given = flags.FLAGS
    workdir = Path(given.workdir).absolute()
    failed = False
    for method in given.methods:
        extra = FLAGS_OF_METHODS.get(method, "").format(workdir=workdir)
        command = [
            *shlex.split(given.launcher),
            *("--smoke", "--deterministic", f"--method={method}"),
            *shlex.split(f"{given.flags} {extra}"),
        ]
        draw = random.Random(f"{method} {given.seed}")
        outcome = torture(
            command, workdir / method, given.kills, draw, given.victim
        )
        print(f"{method:14}  {outcome}", flush=True)
        failed |= outcome.startswith("failed")
    return int(failed)


if __name__ == "__main__":
    flags.DEFINE_string("workdir", "runs/torture", "Where runs are kept.")
    flags.DEFINE_list("methods", list(METHODS), "What is run.")
    flags.DEFINE_integer("kills", 20, "Kills of each method.")
    flags.DEFINE_string("flags", "--nobaseline", "Of every run, besides.")
    flags.DEFINE_string(
        "launcher",
        f"{sys.executable} -m ntaa_tf.adapt",
        "The command that runs it.",
    )
    flags.DEFINE_enum(
        "victim",
        "all",
        list(VICTIMS),
        "Who is killed: all processes, or one worker of a launch, after which "
        "the others have to end with an error.",
    )
    flags.DEFINE_integer("seed", 0, "Of the moments.")
    app.run(main, flags_parser=make_parser(__doc__))
