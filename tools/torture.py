r"""Kill runs at random moments, and compare how they end with a whole run.

    python tools/torture.py --kills=20 --methods=ntaa,darts
    python tools/torture.py --kills=20 \
        --launcher="ntaa launch --workers=2 --" --victim=worker

Every method is first run whole. Then the same command is killed by SIGKILL at
random moments, drawn uniformly from the duration of the whole run, and started
again until it ends. If a run ends before all kills are done, another one
follows. After every kill, each file must be complete. Every killed run must
end with the same architecture, metrics and weights (bit for bit) as the whole
run.
"""

import os
import random
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# TensorFlow reads this variable once, when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags
from aftermath import find_torn_files
from aftermath import list_differences
from aftermath import quote_last_lines
from tool import run_tool
from victims import VICTIMS
from victims import start

from ntaa_tf.command_line import check_no_words
from ntaa_tf.recipe.methods import METHODS

# Flags that a method needs: a source domain, an architecture or a data set.
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
    """Run a command once whole, and kill further runs of it.

    Args:
        command: words of the command, without the run directory.
        directory: parent of the run directories; it is emptied first.
        kills: number of kills.
        draw: random number generator that chooses the moments.
        victim: key of `VICTIMS`, the processes that are killed.

    Returns:
        The outcome in one line; it starts with "failed" if a check failed.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    whole, log = directory / "whole", directory / "log"
    begin = time.monotonic()
    if start([*command, f"--workdir={whole}"], log).process.wait():
        return f"failed: {_quote_end(log)}"
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
            return f"failed: {_quote_end(log)}"
        if differences := list_differences(whole, path):
            return f"failed: {path} differs in {', '.join(differences)}"
    return f"{killed} kills in {runs} runs of {seconds:.0f} s: all as the whole"


def _quote_end(log: Path) -> str:
    return quote_last_lines(log.read_text("utf-8", "replace"))


def follow(words: list[str]) -> int:
    """Torture every method, and print a line for each.

    Returns:
        1 if a method failed, else 0.
    """
    check_no_words(words)
    flag = flags.FLAGS
    workdir = Path(flag.workdir).absolute()
    failed = False
    for method in flag.methods:
        extra = FLAGS_OF_METHODS.get(method, "").format(workdir=workdir)
        command = [
            *shlex.split(flag.launcher),
            *("--smoke", "--deterministic", f"--method={method}"),
            *shlex.split(f"{flag.flags} {extra}"),
        ]
        draw = random.Random(f"{method} {flag.seed}")
        outcome = torture(
            command, workdir / method, flag.kills, draw, flag.victim
        )
        print(f"{method:14}  {outcome}", flush=True)
        failed |= outcome.startswith("failed")
    return int(failed)


if __name__ == "__main__":
    flags.DEFINE_string("workdir", "runs/torture", "Directory of the runs.")
    flags.DEFINE_list(
        "methods", list(METHODS), "Methods to run, separated by commas."
    )
    flags.DEFINE_integer("kills", 20, "Number of kills for each method.")
    flags.DEFINE_string("flags", "--nobaseline", "Further flags of every run.")
    flags.DEFINE_string(
        "launcher",
        f"{sys.executable} -m ntaa_tf.adapt",
        "Command that starts a run, without its flags.",
    )
    flags.DEFINE_enum(
        "victim",
        "all",
        list(VICTIMS),
        "Processes to kill: all, or one worker of a launch. The other workers "
        "must then end with an error.",
    )
    flags.DEFINE_integer("seed", 0, "Random seed of the moments.")
    run_tool(__doc__, follow)
