"""The precision in which the layers of a network compute."""

import keras

from ntaa_tf.graph.walk import find_ancestors
from ntaa_tf.graph.walk import list_calls

POLICIES = {
    "none": "float32",
    "float16": "mixed_float16",
    "bfloat16": "mixed_bfloat16",
}


def set_precision(model: keras.Model, mixed_precision: str = "none") -> None:
    """Make a network compute in a precision; its weights stay as they are.

    What comes before the first weights, such as the scaling of images, and
    what gives the outputs compute in float32 in any case. A model that was
    compiled before is to be compiled again.

    Args:
        model: a functional model; its layers are changed.
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
    """Find the layers between the images' scaling and the outputs, by id."""
    calls = list_calls(model)
    weighted = sum(
        1 << call.index
        for call in calls
        if getattr(call.operation, "trainable_variables", [])
    )
    given = {id(tensor) for tensor in model.outputs}
    last = {id(c.operation) for c in calls if id(c.output) in given}
    return {
        id(call.operation)
        for call, ancestors in zip(calls, find_ancestors(calls), strict=True)
        if ancestors & weighted and id(call.operation) not in last
    }
