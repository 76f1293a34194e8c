"""Options of choices as collapsed plain models, and their costs."""

import json
from dataclasses import dataclass
from typing import Any

import keras

from ntaa_tf.costs.layer_depths import Depths
from ntaa_tf.costs.layer_depths import count_depths
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.walk import Call
from ntaa_tf.layers.choice import Choice
from ntaa_tf.layers.mixed_input import MixedInput

# Configuration of a choice that doesn't change the layers of its options.
_IRRELEVANT = ("name", "seed", "candidates")

OptionModels = dict[str, dict[str, keras.Model]]


@dataclass(frozen=True)
class LayersCost:
    """Cost of plain layers that are called one after the other.

    Args:
        macs: multiply-adds for one image.
        parameters: number of weights.
        depths: depth map of the layers, see `count_depths`.
    """

    macs: int
    parameters: int
    depths: Depths


def build_options(calls: list[Call]) -> OptionModels:
    """Build a plain model of each option of each choice.

    Options that collapse into the same layers, on inputs of the same shape,
    share one model. So each is measured once.

    Args:
        calls: the calls of a supernet.

    Returns:
        For each choice, by name, the model of each option.
    """
    models: dict[str, keras.Model] = {}
    options: OptionModels = {}
    for call in calls:
        choice = call.operation
        if not isinstance(choice, Choice) or choice.name in options:
            continue
        options[choice.name] = {}
        for index, option in enumerate(choice.options):
            key = _identify(call, index)
            if key not in models:
                models[key] = _build(call, index)
            options[choice.name][option] = models[key]
    return options


def measure_layers(model: keras.Model) -> LayersCost:
    """Measure a model whose layers are called one after the other.

    Example:
    >>> inputs = keras.Input((4, 4, 8))
    >>> outputs = keras.layers.Conv2D(2, 3, use_bias=False)(inputs)
    >>> measure_layers(keras.Model(inputs, outputs))
    LayersCost(macs=576, parameters=144, depths=((0, 1), (0, 1), (0, 1)))
    """
    cost = measure_cost(model)
    return LayersCost(cost.macs, cost.parameters, count_depths(model.layers))


def _identify(call: Call, index: int) -> str:
    """Return a key that is equal for options with equal plain layers."""
    shapes = [tensor.shape for tensor in call.inputs]
    if isinstance(call.operation, MixedInput):
        return str((shapes[0], shapes[index]))
    config = call.operation.get_config()
    relevant = {k: v for k, v in config.items() if k not in _IRRELEVANT}
    text = json.dumps(relevant, sort_keys=True, default=str)
    return str((call.operation.options[index], shapes[0], text))


def _build(call: Call, index: int) -> keras.Model:
    """Build the plain model of one option."""
    choice: Any = call.operation
    shape = call.inputs[0].shape
    if isinstance(choice, MixedInput):
        own, shape = shape, call.inputs[index].shape
        layers = choice.plain_layers(own, shape)
    else:
        layers = choice.plain_layers(choice.options[index])
    images = outputs = keras.Input(shape[1:])
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(images, outputs)
