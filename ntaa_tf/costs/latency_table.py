"""Latency of each option of each choice on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras

from ntaa_tf.costs.options import build_options
from ntaa_tf.graph.latency import measure_latencies
from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.walk import list_calls

BATCH_SIZE = 1
REPEATS = 30


@dataclass(frozen=True)
class LatencyTable:
    """Measured latencies, in milliseconds for one image.

    Args:
        source: latency of the whole source model.
        options: for each choice, by name, the latency of each option, without
            the overhead of calling a model.
    """

    source: float
    options: Mapping[str, Mapping[str, float]]


def measure_latency_table(
    source: keras.Model, supernet: keras.Model
) -> LatencyTable:
    """Measure the latency of the source and of each option, in turns.

    Args:
        source: the source model.
        supernet: the supernet of the source model.
    """
    options = build_options(list_calls(as_functional(supernet)))
    images = keras.Input(supernet.inputs[0].shape[1:])
    # A model without layers measures the overhead of a call alone.
    models = [source, keras.Model(images, images)]
    models += {
        id(model): model
        for models_of in options.values()
        for model in models_of.values()
        if not _is_empty(model)
    }.values()
    latencies = measure_latencies(models, BATCH_SIZE, REPEATS)
    of_model = dict(zip(map(id, models), latencies, strict=True))
    overhead = latencies[1]

    def lookup(model: keras.Model) -> float:
        # Without layers an option takes no time, whatever noise would say.
        if _is_empty(model):
            return 0.0
        return max(0.0, of_model[id(model)] - overhead)

    return LatencyTable(
        source=latencies[0],
        options={
            name: {option: lookup(model) for option, model in of.items()}
            for name, of in options.items()
        },
    )


def _is_empty(model: keras.Model) -> bool:
    """Return whether a model has no layers but its InputLayer."""
    return len(model.layers) == 1
