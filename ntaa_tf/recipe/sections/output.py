"""Choices of the run directory, the exported formats and the seed."""

from dataclasses import dataclass

from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.formats import parse_formats
from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice

# NumPy takes no larger one.
MOST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Output(Section):
    """The run directory, the exported formats, and the seed."""

    title = "Output"

    workdir: str | None = choice(
        None,
        "Run directory. Default: a directory below runs/, that of the newest "
        "unfinished run of the same flags, or a new one named after model, "
        "data set, method and time.",
        "run directory; by default below runs/",
    )
    export: str = choice(
        "saved_model",
        "Formats to export beside adapted.keras, separated by commas: "
        f"{', '.join(FORMATS)}; or none.",
        "none, saved_model, onnx, litert, openvino, …",
        parse=lambda text, name: parse_formats(text),
    )
    seed: int = choice(
        0,
        "Random seed of splits, batches, new weights and search.",
        "random seed",
        minimum=0,
        maximum=MOST_SEED,
    )
    smoke: bool = choice(
        False,
        "Smoke run: every stage, on a few images and for one epoch.",
        "try all stages on little data",
    )
