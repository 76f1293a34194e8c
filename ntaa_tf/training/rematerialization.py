"""Training that recomputes activations instead of holding them."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from ntaa_tf.costs.memory import cut_for_remat
from ntaa_tf.distribute import DistributedModel
from ntaa_tf.graph.segments import Segment
from ntaa_tf.graph.walk import run_calls


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Rematerialized(DistributedModel):
    """A functional model that may hold few activations while it trains.

    Compiled with `remat=True` it runs in training segment by segment of its
    graph, each of which is computed again by the backward pass. State that
    moves in the forward pass, such as moving statistics and random seeds,
    moves once, and the second computation starts from what the first one
    started from.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> outputs = keras.layers.Conv2D(4, 3)(inputs)
    >>> model = Rematerialized(inputs, outputs)
    >>> model.compile("sgd", loss="mse", remat=True)
    >>> model(np.ones((2, 8, 8, 3)), training=True).shape
    TensorShape([2, 6, 6, 4])
    """

    _segments: tuple[Segment, ...] = ()

    @property
    def remat(self) -> bool:
        """Whether activations are recomputed."""
        return bool(self._segments)

    def compile(
        self, optimizer: Any = "sgd", *, remat: bool = False, **kwargs: Any
    ) -> None:
        """Set up the training.

        Args:
            optimizer: of the weights.
            remat: whether activations are recomputed.
            **kwargs: as `keras.Model.compile` takes them.
        """
        super().compile(optimizer=optimizer, **kwargs)
        self._segments = tuple(cut_for_remat(self)) if remat else ()
        if remat:
            # Layers have policies of their own; that of the model would cast
            # the weights before they are handed to a segment.
            self.dtype_policy = keras.DTypePolicy("float32")

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Compute the outputs."""
        if not (training and self._segments):
            return super().call(inputs, training=training, mask=mask)
        tensors = {
            id(symbolic): ops.convert_to_tensor(tensor, symbolic.dtype)
            for symbolic, tensor in zip(
                self.inputs, keras.tree.flatten(inputs), strict=True
            )
        }
        for segment in self._segments:
            _run(segment, tensors)
        outputs = [tensors[id(symbolic)] for symbolic in self.outputs]
        return outputs[0] if len(outputs) == 1 else outputs


def _run(segment: Segment, tensors: dict[int, Any]) -> None:
    """Run a segment in training, recomputed by its backward pass."""
    reads = [tensors[id(symbolic)] for symbolic in segment.reads]
    weights = [v for v in segment.variables if v.trainable]
    state = [v for v in segment.variables if not v.trainable]
    # A tensor: a variable itself would be read again, after it has moved.
    before = [tf.identity(variable.value) for variable in state]
    scopes: list[_Scope] = []

    def compute(*arguments: Any) -> list[Any]:
        """Compute from tensors alone; the first time, note what moves."""
        inputs, values = arguments[: len(reads)], arguments[len(reads) :]
        known = [
            *zip(weights, values, strict=True),
            *zip(state, before, strict=True),
        ]
        inner = dict(zip(map(id, segment.reads), inputs, strict=True))
        with _Scope(known, moves=not scopes) as scope:
            run_calls(segment.calls, inner, training=True)
        scopes.append(scope)
        return [inner[id(symbolic)] for symbolic in segment.writes]

    values = [tf.identity(variable.value) for variable in weights]
    outputs = keras.remat(compute)(*reads, *values)
    if scopes[0].losses:
        raise ValueError(
            "Invalid value for `remat`. Expected False for a model whose "
            "layers add losses, as activity regularizers do. Received: True."
        )
    tensors |= zip(map(id, segment.writes), outputs, strict=True)
    for variable, old in zip(state, before, strict=True):
        new = scopes[0].get_current_value(variable)
        if new is not old:
            variable.assign(new)


class _Scope(keras.StatelessScope):
    """Notes how variables move, where that is known outside of a branch.

    What a branch of a conditional computes is known in it alone. There a
    variable moves at once, or, in the second computation, not at all.

    Args:
        known: variables and their values.
        moves: whether variables move in branches.
    """

    def __init__(self, known: list[tuple[Any, Any]], moves: bool):
        super().__init__(known, collect_losses=True)
        self._moves = moves
        self._graph = tf.compat.v1.get_default_graph()

    def add_update(self, update: tuple[Any, Any]) -> None:
        """Take note of a variable's new value."""
        if tf.compat.v1.get_default_graph() is self._graph:
            super().add_update(update)
        elif self._moves:
            variable, value = update
            variable._direct_assign(value)
