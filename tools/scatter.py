r"""Remove as many layers as an architecture does, at random sites.

    python tools/scatter.py --seed=0 \
        --architecture=runs/limited/search/architecture.json \
        --output=scattered.json

Shows whether it matters which layers a search removed: finetune what comes of
it by `--method=retrain --derived_weights=inherit` and this architecture.
"""

import os
from pathlib import Path

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import app
from absl import flags

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line import refuse_words
from ntaa_tf.layers.search_space import SOURCE
from ntaa_tf.layers.search_space import WEIGHT_FREE
from ntaa_tf.storage.files import write_atomically

IDENTITY = "identity"


def scatter(architecture: Architecture, seed: int) -> Architecture:
    """Draw an architecture with as many sites without weights.

    Args:
        architecture: what a search chose.
        seed: of the draw.

    Returns:
        Identities at as many sites, drawn uniformly, as `architecture` has
        without weights; the source's own operation at all others.

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


def main(arguments: list[str]) -> int:
    """Run the command.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`.
    """
    return end(lambda: follow(arguments[1:]))


def follow(words: list[str]) -> None:
    """Write the architecture that the flags ask for."""
    refuse_words(words)
    flag = flags.FLAGS
    chosen = Architecture.from_json(Path(flag.architecture).read_text("utf-8"))
    scattered = scatter(chosen, flag.seed)
    Path(flag.output).parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(Path(flag.output)) as unfinished:
        unfinished.write_text(scattered.to_json(), "utf-8")
    print(scattered)


if __name__ == "__main__":
    for name, meaning in {
        "architecture": "The `architecture.json` of a run that searched.",
        "output": "The `.json` file to write.",
    }.items():
        flags.DEFINE_string(name, None, meaning, required=True)
    flags.DEFINE_integer("seed", 0, "Of the draw.", lower_bound=0)
    app.run(main, flags_parser=make_parser(__doc__))
