"""Squeeze and excitation in residual networks that have none."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras

from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.select import CONVOLUTION_LAYERS
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import find_ancestors
from ntaa_tf.graph.walk import list_calls


def find_residual_branches(model: keras.Model) -> dict[str, int]:
    """Find the sums that end residual branches.

    Args:
        model: a functional model.

    Returns:
        For the name of each sum, which of its two inputs is the branch: the
        one with more convolutions of its own.

    Raises:
        ValueError: if there is none.

    Example:
    >>> inputs = keras.Input((8, 8, 4))
    >>> branch = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    >>> added = keras.layers.Add(name="sum")([inputs, branch])
    >>> find_residual_branches(keras.Model(inputs, added))
    {'sum': 1}
    """
    calls = list_calls(as_functional(model))
    ancestors = find_ancestors(calls)
    found = {
        call.operation.name: branch
        for call in calls
        if (branch := _find_branch(call, calls, ancestors)) is not None
    }
    if not found:
        raise ValueError(
            "Invalid value for `squeeze_excitation`. Expected False for a "
            "network without residual branches. Received: True for "
            f"{model.name!r}."
        )
    return found


def insert_squeeze_excitation(
    model: keras.Model,
    branches: Mapping[str, int] | None = None,
    ratio: int = 16,
) -> keras.Model:
    """Copy a residual model with a gate at the end of each residual branch.

    A gate is twice a sigmoid of zero at first, that is 1: the copy computes
    what the model does, exactly, until it is trained.

    Args:
        model: a functional model; it is left as it is.
        branches: which input of which sums is gated, by the names of the sums,
            as far as the model has them; by default what
            `find_residual_branches` finds in it.
        ratio: channels of a branch to hidden units of its gate.

    Returns:
        The copy; all new layers are Keras's own.

    Raises:
        ValueError: if no branches are given, and the model has none.

    Source: Hu et al., "Squeeze-and-Excitation Networks".

    Example:
    >>> inputs = keras.Input((8, 8, 4))
    >>> branch = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    >>> model = keras.Model(inputs, keras.layers.Add()([inputs, branch]))
    >>> gated = insert_squeeze_excitation(model, ratio=2)
    >>> images = np.ones((1, 8, 8, 4))
    >>> bool(np.all(gated(images) == model(images)))
    True
    """
    if branches is None:
        branches = find_residual_branches(model)
    sums = {
        operation.name: operation
        for operation in as_functional(model).operations
        if operation.name in branches
    }
    return rewrite(
        model,
        {
            name: _make_gated(operation, branches[name], ratio)
            for name, operation in sums.items()
        },
    )


def _find_branch(
    call: Call, calls: list[Call], ancestors: list[int]
) -> int | None:
    """Tell which input of a sum is the residual branch, None if neither is."""
    if type(call.operation).__name__ != "Add" or len(call.parents) != 2:
        return None
    if len(call.output.shape) != 4:
        return None
    convolutions = sum(
        1 << other.index
        for other in calls
        if isinstance(other.operation, CONVOLUTION_LAYERS)
    )
    first, second = (ancestors[parent] for parent in call.parents)
    counts = [
        (own & ~other & convolutions).bit_count()
        for own, other in ((first, second), (second, first))
    ]
    if counts[0] == counts[1]:
        return None
    return counts.index(max(counts))


def _make_gated(operation: Any, branch: int, ratio: int) -> Callable[..., Any]:
    """Give what stands for a sum: the same, of a gated branch."""

    def add(*arguments: Any) -> Any:
        tensors = keras.tree.flatten(arguments)
        tensors[branch] = _gate(tensors[branch], operation.name, ratio)
        gated = keras.tree.pack_sequence_as(arguments, tensors)
        return type(operation).from_config(operation.get_config())(*gated)

    return add


def _gate(tensor: Any, name: str, ratio: int) -> Any:
    channels = tensor.shape[-1]
    layers = keras.layers
    pooled = layers.GlobalAveragePooling2D(
        keepdims=True, name=f"{name}_squeeze"
    )(tensor)
    hidden = layers.Dense(
        max(1, channels // ratio), activation="relu", name=f"{name}_reduce"
    )(pooled)
    gate = layers.Dense(
        channels,
        activation="sigmoid",
        kernel_initializer="zeros",
        name=f"{name}_expand",
    )(hidden)
    gate = layers.Rescaling(2.0, name=f"{name}_gate")(gate)
    return layers.Multiply(name=f"{name}_excite")([tensor, gate])
