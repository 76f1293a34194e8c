"""Measure what the search costs, and what it leaves to serve.

    python tools/benchmark.py supernet --models=resnet50:64:32,vgg19:32:64
    python tools/benchmark.py pipeline --dataset=digits
    python tools/benchmark.py export --workdir=runs/cifar10
    python tools/benchmark.py adapt
    python tools/benchmark.py growth --out=docs
    python tools/benchmark.py retrieval
    python tools/benchmark.py resting --sites=all,last:6

Each prints Markdown, and with --out=DIR writes it there beside the JSON.
"""

import logging
import os
from dataclasses import asdict
from pathlib import Path

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags
from absl import logging as absl_logging
from benchmarks import adapt
from benchmarks import export
from benchmarks import growth
from benchmarks import pipeline
from benchmarks import resting
from benchmarks import retrieval
from benchmarks import supernet
from benchmarks.report import Report
from benchmarks.setting import Setting
from benchmarks.variants import VARIANTS

from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.recipe import Recipe

MODELS = {
    "supernet": ["resnet50:64:32", "vgg19:32:64", "efficientnetb0:64:32"],
    "pipeline": ["digits0to4:16:32"],
    "growth": ["digits0to4:32:32"],
    "resting": ["resnet50:64:32"],
}
SIZES = asdict(retrieval.Sizes())
COMMANDS = (*MODELS, "export", "adapt", "retrieval")

# As many networks as are compared, so many functions are traced.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


def define_flags() -> None:
    """Define the flags of all benchmarks."""
    flags.DEFINE_list(
        "models",
        None,
        "supernet, pipeline, growth, resting: settings model:pixels:batch, "
        f"separated by commas; by default {MODELS}.",
    )
    flags.DEFINE_list("variants", list(VARIANTS), "supernet: what to compare.")
    flags.DEFINE_list("sites", ["all"], "resting: sites, one supernet each.")
    flags.DEFINE_string("dataset", "digits", "pipeline: as a run takes it.")
    flags.DEFINE_string("data_dir", None, "pipeline: as a run takes it.")
    flags.DEFINE_string("workdir", None, "export: of a run that is finished.")
    flags.DEFINE_integer(
        "rounds", 10, "Timed calls of whatever is timed.", lower_bound=1
    )
    for name, size in SIZES.items():
        flags.DEFINE_integer(
            name, size, f"retrieval: how many {name}.", lower_bound=1
        )
    flags.DEFINE_string("out", None, "Where the report is written to, if so.")


def main(arguments: list[str]) -> int:
    """Run the benchmark that the first word names.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`.
    """
    absl_logging.set_verbosity(absl_logging.WARNING)
    logging.getLogger("benchmarks").setLevel(logging.INFO)
    return end(lambda: follow(arguments[1:]))


def follow(words: list[str]) -> None:
    """Measure, print the report, and write it where it is wanted."""
    report = measure(words)
    print(report.to_markdown())
    if flags.FLAGS.out:
        report.write(Path(flags.FLAGS.out))


def measure(words: list[str]) -> Report:
    """Run one benchmark by the flags."""
    flag = flags.FLAGS
    command = check_command(words)
    models = flag.models or MODELS.get(command, [])
    settings = [Setting.parse(model) for model in models]
    if command == "supernet":
        return supernet.run(settings, flag.variants, flag.rounds)
    if command == "pipeline":
        return pipeline.run(settings, flag.dataset, flag.data_dir, flag.rounds)
    if command == "export":
        return export.run(Path(flag.workdir or ""), flag.rounds)
    if command == "resting":
        return resting.run(settings, flag.sites, flag.rounds)
    if command == "adapt":
        recipe = Recipe()
        return adapt.run(recipe.search_epochs, recipe.finetune_epochs)
    if command == "retrieval":
        sizes = {name: getattr(flag, name) for name in SIZES}
        return retrieval.run(retrieval.Sizes(**sizes))
    return growth.run(check_single(settings), flag.rounds)


def check_single(settings: list[Setting]) -> Setting:
    """Give the only setting, or raise a ValueError."""
    if len(settings) != 1:
        raise ValueError(
            "Invalid value for `models`. Expected a single setting, from which "
            f"growth is measured. Received: {len(settings)}."
        )
    return settings[0]


def check_command(words: list[str]) -> str:
    """Give the only word, or raise a ValueError if it is no benchmark."""
    if len(words) != 1 or words[0] not in COMMANDS:
        raise ValueError(
            f"Invalid command line. Expected one of {', '.join(COMMANDS)}, "
            f"and flags. Received: {' '.join(words) or 'no word'}."
        )
    return words[0]


if __name__ == "__main__":
    define_flags()
    app.run(main, flags_parser=make_parser(__doc__))
