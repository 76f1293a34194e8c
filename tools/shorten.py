r"""Remove the last layers of a model: the plain way to a shallower network.

    python tools/shorten.py --model=resnet20.keras --after=re_lu_10 \
        --output=short.keras

Writes the model up to the named feature map, without a classifier. You can
finetune the file with `ntaa_tf.adapt`, like any other `.keras` file.
"""

import os
from pathlib import Path

# TensorFlow reads this variable once, when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from absl import flags
from tool import run_tool

from ntaa_tf.command_line import check_no_words
from ntaa_tf.graph.cost import measure_cost

MAP_RANK = 4


def shorten(model: keras.Model, after: str) -> keras.Model:
    """Keep the layers of a model up to one feature map.

    Args:
        model: functional or Sequential model; it is not changed.
        after: name of the last layer to keep.

    Returns:
        A model that shares the kept layers with `model`.

    Raises:
        ValueError: if no layer of this name has a single feature map (batch,
            height, width, channels) as its output.
    """
    maps = {
        layer.name: layer.output
        for layer in model.layers
        if hasattr(layer.output, "shape")
        and len(layer.output.shape) == MAP_RANK
    }
    if after not in maps:
        raise ValueError(
            f"--after={after} is not a layer with a feature map as its "
            f"output. Choose one of {list(maps)}."
        )
    return keras.Model(model.input, maps[after], name=f"{model.name}_short")


def follow(words: list[str]) -> None:
    """Write the shortened model, and print the costs of both models."""
    check_no_words(words)
    flag = flags.FLAGS
    model = keras.models.load_model(flag.model)
    short = shorten(model, flag.after)
    Path(flag.output).parent.mkdir(parents=True, exist_ok=True)
    short.save(flag.output)
    for name, network in (("source", model), ("short", short)):
        cost = measure_cost(network)
        print(
            f"{name}: depth {cost.depth}, {cost.parameters:,} parameters, "
            f"{cost.macs:,} MACs"
        )


if __name__ == "__main__":
    for name, meaning in {
        "model": "Path of the source model, a `.keras` file.",
        "after": "Name of the last layer to keep.",
        "output": "Path of the `.keras` file to write.",
    }.items():
        flags.DEFINE_string(name, None, meaning, required=True)
    run_tool(__doc__, follow)
