"""Measure the costs of search, training, retrieval and serving.

    python tools/benchmark.py supernet --models=resnet50:64:32,vgg19:32:64
    python tools/benchmark.py pipeline --dataset=digits
    python tools/benchmark.py export --workdir=runs/cifar10
    python tools/benchmark.py adapt
    python tools/benchmark.py growth --out=docs
    python tools/benchmark.py retrieval
    python tools/benchmark.py resting --sites=all,last:6

Every benchmark prints Markdown. With --out=DIR it also writes the Markdown and
the results as JSON into that directory.
"""

import logging
import os
from dataclasses import asdict
from pathlib import Path

# TensorFlow reads this variable once, when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags
from absl import logging as absl_logging
from benchmarks import adapt
from benchmarks import export
from benchmarks import growth
from benchmarks import pipeline
from benchmarks import resting
from benchmarks import retrieval
from benchmarks import supernet
from benchmarks.setting import Setting
from benchmarks.variants import VARIANTS
from tool import run_tool

from ntaa_tf.compare.report import Report
from ntaa_tf.recipe import make_recipe

MODELS = {
    "supernet": ["resnet50:64:32", "vgg19:32:64", "efficientnetb0:64:32"],
    "pipeline": ["digits0to4:16:32"],
    "growth": ["digits0to4:32:32"],
    "resting": ["resnet50:64:32"],
}
SIZES = asdict(retrieval.Sizes())
MEANINGS = {
    "queries": "query images",
    "items": "gallery images",
    "dimensions": "dimensions of a feature vector",
}
COMMANDS = (*MODELS, "export", "adapt", "retrieval")

# TensorFlow warns of repeated tracing, but every network needs its own trace.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


def define_flags() -> None:
    """Define the flags of all benchmarks."""
    defaults = "; ".join(
        f"{name} {','.join(models)}" for name, models in MODELS.items()
    )
    flags.DEFINE_list(
        "models",
        None,
        "Settings model:pixels:batch, separated by commas, for supernet, "
        f"pipeline, growth and resting. Defaults: {defaults}.",
    )
    flags.DEFINE_list(
        "variants",
        list(VARIANTS),
        "Variants of the network that supernet compares, separated by commas.",
    )
    flags.DEFINE_list(
        "sites",
        ["all"],
        "Sites of the supernets that resting measures, separated by commas, "
        "each as --sites of ntaa_tf.adapt.",
    )
    flags.DEFINE_string(
        "dataset",
        "digits",
        "Data set that pipeline reads, as --dataset of ntaa_tf.adapt.",
    )
    flags.DEFINE_string(
        "data_dir",
        None,
        "Directory of that data set, as --data_dir of ntaa_tf.adapt.",
    )
    flags.DEFINE_string(
        "workdir", None, "Run directory of the models that export measures."
    )
    flags.DEFINE_integer(
        "rounds", 10, "Number of timed calls of each function.", lower_bound=1
    )
    for name, size in SIZES.items():
        flags.DEFINE_integer(
            name,
            size,
            f"Number of {MEANINGS[name]}, for retrieval.",
            lower_bound=1,
        )
    flags.DEFINE_string(
        "out", None, "Directory of the report; by default it is only printed."
    )


def follow(words: list[str]) -> None:
    """Measure, print the report, and write it if --out is set."""
    absl_logging.set_verbosity(absl_logging.WARNING)
    logging.getLogger("benchmarks").setLevel(logging.INFO)
    report = measure(words)
    print(report.to_markdown())
    if flags.FLAGS.out:
        report.write(Path(flags.FLAGS.out))


def measure(words: list[str]) -> Report:
    """Run the benchmark that the first word names, with the flags."""
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
        training = make_recipe().training
        return adapt.run(training.search_epochs, training.finetune_epochs)
    if command == "retrieval":
        sizes = {name: getattr(flag, name) for name in SIZES}
        return retrieval.run(retrieval.Sizes(**sizes))
    return growth.run(check_single(settings), flag.rounds)


def check_single(settings: list[Setting]) -> Setting:
    """Return the only setting; raise a ValueError if there are more."""
    if len(settings) != 1:
        raise ValueError(
            f"--models has {len(settings)} settings, but growth takes a single "
            "setting. Name one, such as digits0to4:32:32."
        )
    return settings[0]


def check_command(words: list[str]) -> str:
    """Return the only word; raise a ValueError if it is not a benchmark."""
    if len(words) != 1 or words[0] not in COMMANDS:
        raise ValueError(
            "The command line must name one benchmark of "
            f"{', '.join(COMMANDS)}. Received: {' '.join(words) or 'no word'}."
        )
    return words[0]


if __name__ == "__main__":
    define_flags()
    run_tool(__doc__, follow)
