r"""Remove as many layers as an architecture does, at random sites.

    python tools/scatter.py --seed=0 \
        --architecture=runs/limited/search/architecture.json \
        --output=scattered.json

Use it to test whether it matters which layers a search removed. Finetune the
result with `ntaa_tf.adapt --method=retrain --derived_weights=inherit
--architecture=scattered.json`.
"""

import os
from pathlib import Path

# TensorFlow reads this variable once, when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import flags
from tool import run_tool

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.command_line import check_no_words
from ntaa_tf.layers.search_space import SOURCE
from ntaa_tf.layers.search_space import WEIGHT_FREE
from ntaa_tf.storage.files import write_atomically

IDENTITY = "identity"


def scatter(architecture: Architecture, seed: int) -> Architecture:
    """Draw an architecture with the same number of weight-free sites.

    Args:
        architecture: architecture that a search derived.
        seed: random seed.

    Returns:
        An architecture with the identity at as many sites, drawn uniformly,
        as `architecture` has weight-free operations. All other sites keep
        the source's own operation.

    Example:
    >>> chosen = {"a": SiteChoice("max_pool"), "b": SiteChoice("source")}
    >>> print(scatter(Architecture(chosen), seed=0))
    site  candidate  reads
    a     source     0
    b     identity   0
    """
    names = list(architecture.sites)
    count = sum(
        choice.candidate in WEIGHT_FREE
        for choice in architecture.sites.values()
    )
    rng = np.random.default_rng(seed)
    drawn = set(rng.choice(len(names), count, replace=False))
    return Architecture(
        {
            name: SiteChoice(IDENTITY if number in drawn else SOURCE)
            for number, name in enumerate(names)
        }
    )


def follow(words: list[str]) -> None:
    """Write and print the scattered architecture."""
    check_no_words(words)
    flag = flags.FLAGS
    chosen = Architecture.from_json(Path(flag.architecture).read_text("utf-8"))
    scattered = scatter(chosen, flag.seed)
    Path(flag.output).parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(Path(flag.output)) as unfinished:
        unfinished.write_text(scattered.to_json(), "utf-8")
    print(scattered)


if __name__ == "__main__":
    for name, meaning in {
        "architecture": "Path of the `architecture.json` of a finished search.",
        "output": "Path of the `.json` file to write.",
    }.items():
        flags.DEFINE_string(name, None, meaning, required=True)
    flags.DEFINE_integer("seed", 0, "Random seed.", lower_bound=0)
    run_tool(__doc__, follow)
