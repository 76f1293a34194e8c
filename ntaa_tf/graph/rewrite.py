"""Copies of functional models, with operations replaced."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from ntaa_tf.graph.free_names import find_free_name

Replacement = Callable[..., Any]


def rewrite(
    model: keras.Model,
    replacements: Mapping[str, Replacement] | None = None,
    input_shape: tuple[int, int, int] | None = None,
    names: Mapping[str, str] | None = None,
    fresh: bool = False,
) -> keras.Model:
    """Copy a functional model and replace some of its operations.

    All other operations are cloned from their configuration, with the donor's
    weights bit for bit. Operations whose outputs are no longer read are left
    out of the copy.

    Args:
        model: a functional model, the donor. It is not modified.
        replacements: maps the name of an operation to its replacement: a
            layer, or any function of symbolic tensors. The replacement of a
            shared operation is called once for each use.
        input_shape: height, width and channels of the copy's only input. By
            default the donor's.
        names: maps names of cloned operations to new names.
        fresh: whether trainable layers get new weights. Convolutions are
            drawn by He initialization, other layers by their own
            initializers. Layers without trainable weights, such as
            Normalization, keep their state.

    Returns:
        A plain functional model.

    Raises:
        ValueError: if `model` is not functional, if a name in `replacements`
            is not in the model, or if the model can't read `input_shape`.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> conv = keras.layers.Conv2D(4, 3, name="conv")
    >>> model = keras.Model(inputs, conv(inputs))
    >>> wider = keras.layers.Conv2D(4, 5, padding="valid")
    >>> rewrite(model, {"conv": wider}).output.shape
    (None, 4, 4, 4)
    """
    replacements, names = replacements or {}, names or {}
    _check_names(model, replacements)
    pairs = []

    # Keras calls `clone` once for each operation, not for each use, and clones
    # no weights. The pairs are for `_copy_weights`.
    def clone(operation: Any) -> Any:
        if operation.name in replacements:
            return replacements[operation.name]
        config = dict(operation.get_config())
        config["name"] = names.get(operation.name, operation.name)
        pairs.append((operation, type(operation).from_config(config)))
        return pairs[-1][1]

    copy = keras.models.clone_model(
        as_functional(model),
        input_tensors=_resized_inputs(model, input_shape),
        clone_function=clone,
    )
    for original, cloned in pairs:
        if fresh and getattr(original, "trainable_weights", None):
            _renew_kernel(cloned)
        else:
            _copy_weights(original, cloned)
    return copy


def flatten(model: keras.Model) -> keras.Model:
    """Copy a model and replace every nested model by its layers.

    A layer of a nested model whose name is taken is renamed to
    `<nested>_<layer>`, with a number if that name is taken too.

    Args:
        model: a functional or Sequential model, nested to any depth. It is
            not modified.

    Returns:
        A functional model without nested models.

    Raises:
        ValueError: if the model, or a nested model, is subclassed.
    """
    plain = as_functional(model)
    taken = {operation.name for operation in plain.operations}
    return rewrite(
        plain,
        {
            operation.name: _inline(operation, taken)
            for operation in plain.operations
            if isinstance(operation, keras.Model)
        },
    )


def check_functional(model: keras.Model) -> None:
    """Raise a ValueError unless a model is functional, with a known graph."""
    if isinstance(model, keras.Sequential) and model.built:
        return
    if not hasattr(model, "operations"):
        raise ValueError(
            "Invalid value for `model`. Expected a functional or built "
            "Sequential model, whose graph of layers is known. Received: "
            f"{model.name!r} of class {type(model).__name__}. Rebuild it with "
            "the functional API: keras.Model(inputs, outputs)."
        )


def _inline(nested: keras.Model, taken: set[str]) -> Replacement:
    """Return a function that calls a copy of `nested` layer by layer.

    Args:
        nested: a model inside a model.
        taken: names in use in the outer model; the copy's are added.
    """
    flat = flatten(nested)
    own = {operation.name for operation in flat.operations}
    names: dict[str, str] = {}
    # Free of all three: names of the outer model, of this nested model, and the
    # new names themselves.
    for name in sorted(own & taken):
        unfree = own | taken | set(names.values())
        names[name] = find_free_name(f"{nested.name}_{name}", unfree, first=2)
    copy = rewrite(flat, names=names)
    taken.update(operation.name for operation in copy.operations)
    # Model.call would add conversions of the inputs; Function.call doesn't.
    return lambda inputs, **_: keras.Function.call(copy, inputs)


def _renew_kernel(layer: Any) -> None:
    """Draw new kernels of a convolution, by the global random seed."""
    if isinstance(layer, keras.layers.SeparableConv2D):
        _renew_depthwise(layer.depthwise_kernel)
        _renew_dense(layer.pointwise_kernel)
    elif isinstance(layer, keras.layers.DepthwiseConv2D):
        _renew_depthwise(layer.kernel)
    elif isinstance(layer, keras.layers.Conv2D):
        _renew_dense(layer.kernel)


def _renew_dense(kernel: keras.Variable) -> None:
    kernel.assign(keras.initializers.HeNormal()(kernel.shape))


def _renew_depthwise(kernel: keras.Variable) -> None:
    """Draw a new depthwise kernel by He initialization.

    He's variance is 2 / fan-in. Keras takes the fan-in from the third axis,
    but a depthwise output reads a single channel: so that axis is drawn as 1.
    """
    height, width, channels, multiplier = kernel.shape
    drawn = keras.initializers.HeNormal()(
        (height, width, 1, channels * multiplier)
    )
    kernel.assign(keras.ops.reshape(drawn, kernel.shape))


def _copy_weights(original: Any, cloned: Any) -> None:
    has_weights = getattr(original, "weights", None)
    assign_weights(cloned, original.get_weights() if has_weights else [])


def assign_weights(operation: Any, weights: Sequence[np.ndarray]) -> None:
    """Set the weights of an operation, and all that it derives from them.

    Args:
        operation: operation of a model.
        weights: values in the order of `weights`; none for an operation that
            has none.
    """
    if weights:
        operation.set_weights(weights)
    if isinstance(operation, keras.layers.Normalization):
        # The layer computes with values derived from its weights.
        operation.finalize_state()


def _check_names(model: keras.Model, names: Mapping[str, Any]) -> None:
    known = [operation.name for operation in as_functional(model).operations]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(
            "Invalid value for `replacements`. Expected names of operations "
            f"of {model.name!r}: {known}. Received: {unknown}."
        )


def as_functional(model: keras.Model) -> keras.Model:
    """Convert a functional or Sequential model to a plain `keras.Model`.

    The result shares the layers of `model` and is not compiled.
    """
    check_functional(model)
    inputs, outputs = single_or_list(model)
    return keras.Model(inputs, outputs, name=model.name)


def single_or_list(model: keras.Model) -> tuple[Any, Any]:
    """Return a model's inputs and outputs; a single tensor without a list."""
    inputs, outputs = (
        tensors[0] if len(tensors) == 1 else tensors
        for tensors in (model.inputs, model.outputs)
    )
    return inputs, outputs


def _resized_inputs(
    model: keras.Model, input_shape: tuple[int, int, int] | None
) -> Any:
    if input_shape is None:
        return None
    if len(model.inputs) != 1:
        raise ValueError(
            f"`input_shape` needs a model with one input, but {model.name!r} "
            f"has {len(model.inputs)}. Received: {input_shape}."
        )
    donor = model.inputs[0]
    return keras.Input(input_shape, dtype=donor.dtype, name=donor.name)
