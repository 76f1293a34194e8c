"""Rewriting functional models: new graph, same weights, donor untouched."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras

from ntaa_tf.graph.free_names import find_free_name

Replacement = Callable[..., Any]


def rewrite(
    model: keras.Model,
    replacements: Mapping[str, Replacement] | None = None,
    input_shape: tuple[int, int, int] | None = None,
    names: Mapping[str, str] | None = None,
    fresh: bool = False,
) -> keras.Model:
    """Copy a functional model, with some of its operations replaced.

    Everything that is not replaced is cloned from its configuration and gets
    the donor's weights, bit for bit. Operations whose outputs nobody reads
    any more do not appear in the copy.

    Args:
        model: a functional model; it is left as it is.
        replacements: for the name of an operation, what is called in its
            place: a layer or any function of symbolic tensors. A shared
            operation has one replacement, called as often as itself.
        input_shape: height, width and channels of the copy's only input;
            the donor's when None.
        names: new names of operations that are cloned, by their old ones.
        fresh: whether layers that train get new weights instead of the
            donor's: convolutions all by He, whatever made the donor's, others
            by their own initializers. What does not train, as a
            Normalization's mean, stays.

    Returns:
        A plain functional model.

    Raises:
        ValueError: if `model` is not functional, if a name in `replacements`
            is not in the model, or if the model can't have `input_shape`.

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
        call_function=lambda operation, *args, **kwargs: operation(
            *args, **kwargs
        ),
    )
    for original, cloned in pairs:
        if fresh and getattr(original, "trainable_weights", None):
            _renew_kernel(cloned)
        else:
            _copy_weights(original, cloned)
    return copy


def flatten(model: keras.Model) -> keras.Model:
    """Copy a model with every nested model dissolved into its layers.

    Args:
        model: a functional or Sequential model, nested to any depth. A layer
            of a nested model whose name is taken is renamed to
            `<nested>_<layer>`, with a number where that is taken too.

    Returns:
        A functional model of layers and operations only.

    Raises:
        ValueError: if the model, or a model in it, is subclassed.
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
    """Raise a ValueError unless the graph of `model` can be walked."""
    if isinstance(model, keras.Sequential) and model.built:
        return
    if not hasattr(model, "operations"):
        raise ValueError(
            "Invalid value for `model`. Expected a built functional or "
            "Sequential model, whose graph of layers is known. Received: "
            f"{model.name!r} of class {type(model).__name__}. Rebuild it with "
            "the functional API: keras.Model(inputs, outputs)."
        )


def _inline(nested: keras.Model, taken: set[str]) -> Replacement:
    """Give a function that applies a copy of `nested`, layer by layer."""
    flat = flatten(nested)
    own = {operation.name for operation in flat.operations}
    names: dict[str, str] = {}
    for name in sorted(own & taken):
        unfree = own | taken | set(names.values())
        names[name] = find_free_name(f"{nested.name}_{name}", unfree, first=2)
    copy = rewrite(flat, names=names)
    taken.update(operation.name for operation in copy.operations)
    # The call of Function, unlike that of Model, adds no conversions.
    return lambda inputs, **_: keras.Function.call(copy, inputs)


def _renew_kernel(layer: Any) -> None:
    """Draw the kernels of a convolution anew, by the global random seed."""
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
    """Draw by He's rule, which has to see that an output reads one channel."""
    height, width, channels, multiplier = kernel.shape
    drawn = keras.initializers.HeNormal()(
        (height, width, 1, channels * multiplier)
    )
    kernel.assign(keras.ops.reshape(drawn, kernel.shape))


def _copy_weights(original: Any, cloned: Any) -> None:
    if getattr(original, "weights", None):
        cloned.set_weights(original.get_weights())
    if isinstance(cloned, keras.layers.Normalization):
        cloned.finalize_state()  # It computes with what this derives.


def _check_names(model: keras.Model, names: Mapping[str, Any]) -> None:
    known = [operation.name for operation in as_functional(model).operations]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(
            "Invalid value for `replacements`. Expected names of operations "
            f"of {model.name!r}: {known}. Received: {unknown}."
        )


def as_functional(model: keras.Model) -> keras.Model:
    """Give the graph of a functional or Sequential model, uncompiled.

    The result shares the layers of `model`, and is of no subclass.
    """
    check_functional(model)
    inputs, outputs = single_or_list(model)
    return keras.Model(inputs, outputs, name=model.name)


def single_or_list(model: keras.Model) -> tuple[Any, Any]:
    """Give the inputs and the outputs, each without a list around one."""
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
            "Invalid value for `input_shape`. Expected None for a model with "
            f"{len(model.inputs)} inputs. Received: {input_shape}."
        )
    donor = model.inputs[0]
    return keras.Input(input_shape, dtype=donor.dtype, name=donor.name)
