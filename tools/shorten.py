r"""Remove the last layers of a model: the plain way to a shallower network.

    python tools/shorten.py --model=resnet20.keras --after=re_lu_10 \
        --output=short.keras

Writes the model up to one of its feature maps, without a classifier, for
`ntaa_tf.adapt` to finetune as any other `.keras` file.
"""

import os
from pathlib import Path

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from absl import app
from absl import flags

from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line import refuse_words
from ntaa_tf.graph.cost import measure_cost

MAP_RANK = 4


def shorten(model: keras.Model, after: str) -> keras.Model:
    """Keep a model's layers up to one that gives a feature map.

    Args:
        model: a functional or Sequential model.
        after: the name of the last layer that is kept.

    Returns:
        A model that shares these layers with `model`.

    Raises:
        ValueError: if no layer of this name gives one feature map (batch,
            height, width, channels).
    """
    maps = {
        layer.name: layer.output
        for layer in model.layers
        if hasattr(layer.output, "shape")
        and len(layer.output.shape) == MAP_RANK
    }
    if after not in maps:
        raise ValueError(
            "Invalid value for `after`. Expected a layer that gives a feature "
            f"map, one of {list(maps)}. Received: {after!r}."
        )
    return keras.Model(model.input, maps[after], name=f"{model.name}_short")


def main(arguments: list[str]) -> int:
    """Run the command.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`.
    """
    return end(lambda: follow(arguments[1:]))


def follow(words: list[str]) -> None:
    """Write the shortened model that the flags ask for."""
    refuse_words(words)
    flag = flags.FLAGS
    model = keras.models.load_model(flag.model)
    short = shorten(model, flag.after)
    Path(flag.output).parent.mkdir(parents=True, exist_ok=True)
    short.save(flag.output)
    for name, of in (("source", model), ("short", short)):
        cost = measure_cost(of)
        print(
            f"{name}: depth {cost.depth}, {cost.parameters:,} parameters, "
            f"{cost.macs:,} MACs"
        )


if __name__ == "__main__":
    for name, meaning in {
        "model": "The `.keras` file of the source.",
        "after": "The last layer that is kept.",
        "output": "The `.keras` file to write.",
    }.items():
        flags.DEFINE_string(name, None, meaning, required=True)
    app.run(main, flags_parser=make_parser(__doc__))
