"""Insertion of squeeze-and-excitation gates into residual networks."""

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
    """Find the residual branches of a model by the additions behind them.

    Args:
        model: a functional model.

    Returns:
        Maps the name of each addition to the position, 0 or 1, of the branch
        among its inputs. The branch is the input with more convolutions that
        the other input doesn't depend on.

    Raises:
        ValueError: if the model has no residual branch.

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
            "`squeeze_excitation` puts a gate behind each residual branch, "
            f"but {model.name!r} has none. Set `squeeze_excitation=False`, or "
            "choose a residual network."
        )
    return found


def insert_squeeze_excitation(
    model: keras.Model,
    branches: Mapping[str, int] | None = None,
    ratio: int = 16,
) -> keras.Model:
    """Copy a residual model and put a gate at the end of each branch.

    A gate multiplies the branch by 2 · sigmoid(z), with z = 0 at the start.
    So each gate starts at 1, and the copy computes exactly what the model
    computes until it is trained.

    Args:
        model: a functional model. It is not modified.
        branches: branches to gate, as `find_residual_branches` returns them,
            which is the default. Additions that the model doesn't have are
            ignored.
        ratio: number of channels of a branch for each hidden unit of its
            gate.

    Returns:
        The copy. All new layers are stock Keras layers.

    Raises:
        ValueError: if `branches` is None and the model has no residual
            branch.

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
    """Return which input of an addition is the residual branch, or None."""
    if type(call.operation).__name__ != "Add" or len(call.parents) != 2:
        return None
    if len(call.output.shape) != 4:
        return None
    convolutions = sum(
        1 << other.index
        for other in calls
        if isinstance(other.operation, CONVOLUTION_LAYERS)
    )
    # Bit masks: `own & ~other` are the calls that only one input depends on.
    first, second = (ancestors[parent] for parent in call.parents)
    counts = [
        (own & ~other & convolutions).bit_count()
        for own, other in ((first, second), (second, first))
    ]
    if counts[0] == counts[1]:  # Two equal branches, or none.
        return None
    return counts.index(max(counts))


def _make_gated(operation: Any, branch: int, ratio: int) -> Callable[..., Any]:
    """Build the replacement of an addition: a gate, then the addition."""

    # An Add layer takes a list of tensors, the operation behind `x + y` two
    # arguments: the structure of the arguments is kept.
    def add(*arguments: Any) -> Any:
        tensors = keras.tree.flatten(arguments)
        tensors[branch] = _gate(tensors[branch], operation.name, ratio)
        gated = keras.tree.pack_sequence_as(arguments, tensors)
        return type(operation).from_config(operation.get_config())(*gated)

    return add


def _gate(tensor: Any, name: str, ratio: int) -> Any:
    """Multiply a feature map by a gate that starts at 2 · sigmoid(0) = 1."""
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
        kernel_initializer="zeros",  # So that the sigmoid starts at 1/2.
        name=f"{name}_expand",
    )(hidden)
    gate = layers.Rescaling(2.0, name=f"{name}_gate")(gate)
    return layers.Multiply(name=f"{name}_excite")([tensor, gate])
