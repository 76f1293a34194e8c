"""Mixed precision: the dtype in which each layer of a model computes."""

import keras

from ntaa_tf.graph.walk import find_ancestors
from ntaa_tf.graph.walk import list_calls

POLICIES = {
    "none": "float32",
    "float16": "mixed_float16",
    "bfloat16": "mixed_bfloat16",
}


def set_precision(model: keras.Model, mixed_precision: str = "none") -> None:
    """Set the compute dtype of a model's layers; weights stay float32.

    Layers before the first weights, such as the scaling of images, and the
    output layers always compute in float32. Compile the model again
    afterwards: a compiled function keeps the old dtype.

    Args:
        model: a functional model; its layers are changed in place.
        mixed_precision: `float16`, `bfloat16`, or `none` for float32.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(4, 3)(inputs)
    >>> model = keras.Model(inputs, keras.layers.Conv2D(2, 3)(hidden))
    >>> set_precision(model, "bfloat16")
    >>> [layer.compute_dtype for layer in model.layers[1:]]
    ['bfloat16', 'float32']
    """
    inner = _find_inner(model)
    for layer in model.layers:
        precision = mixed_precision if id(layer) in inner else "none"
        for part in layer._flatten_layers():
            part.dtype_policy = keras.DTypePolicy(POLICIES[precision])


def _find_inner(model: keras.Model) -> set[int]:
    """Find the ids of all layers between preprocessing and outputs.

    An inner layer has weights itself or depends on a layer with weights, and
    does not compute an output of the model.
    """
    calls = list_calls(model)
    # A set of calls is an integer with a bit for each call.
    weighted = sum(
        1 << call.index
        for call in calls
        if getattr(call.operation, "trainable_variables", [])
    )
    outputs = {id(tensor) for tensor in model.outputs}
    last = {id(c.operation) for c in calls if id(c.output) in outputs}
    return {
        id(call.operation)
        for call, ancestors in zip(calls, find_ancestors(calls), strict=True)
        if ancestors & weighted and id(call.operation) not in last
    }
