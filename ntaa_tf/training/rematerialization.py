"""Rematerialisation: recompute activations in the backward pass."""

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
    """Functional model that can trade computation for activation memory.

    Compiled with `remat=True`, training runs the graph segment by segment.
    The forward pass keeps only the tensors between segments; the backward
    pass computes each segment again. The results stay the same: moving
    statistics and random seeds advance once per step, and the second
    computation of a segment starts from their values before the first.

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
        """Whether the backward pass recomputes activations."""
        return bool(self._segments)

    def compile(
        self, optimizer: Any = "sgd", *, remat: bool = False, **kwargs: Any
    ) -> None:
        """Configure the training.

        Args:
            optimizer: optimizer of the weights.
            remat: whether the backward pass recomputes activations.
            **kwargs: arguments of `keras.Model.compile`.
        """
        super().compile(optimizer=optimizer, **kwargs)
        self._segments = tuple(cut_for_remat(self)) if remat else ()
        if remat:
            # Under the model's own mixed policy, Keras would cast the weights
            # before they reach a segment. The layers keep their policies.
            self.dtype_policy = keras.DTypePolicy("float32")

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Compute the outputs, in training segment by segment."""
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
    """Run a segment in training; the backward pass will run it again.

    `keras.remat` calls the inner function twice, so that function must be
    pure: weights come in as arguments and state as the tensors read before.
    The first call records the new state, which is assigned at the end.

    Args:
        segment: part of the model's graph.
        tensors: computed tensors by the id of the symbolic tensor; the
            outputs of the segment are added.

    Raises:
        ValueError: if a layer of the segment adds a loss.
    """
    reads = [tensors[id(symbolic)] for symbolic in segment.reads]
    weights = [v for v in segment.variables if v.trainable]
    state = [v for v in segment.variables if not v.trainable]
    # Copies: the second computation would read a variable's later value.
    before = [tf.identity(variable.value) for variable in state]
    scopes: list[_StateScope] = []

    def compute(*arguments: Any) -> list[Any]:
        inputs, values = arguments[: len(reads)], arguments[len(reads) :]
        known = [
            *zip(weights, values, strict=True),
            *zip(state, before, strict=True),
        ]
        inner = dict(zip(map(id, segment.reads), inputs, strict=True))
        with _StateScope(known, is_first=not scopes) as scope:
            run_calls(segment.calls, inner, training=True)
        scopes.append(scope)
        return [inner[id(symbolic)] for symbolic in segment.writes]

    values = [tf.identity(variable.value) for variable in weights]
    outputs = keras.remat(compute)(*reads, *values)
    if scopes[0].losses:
        raise ValueError(
            "`remat` can't be used with a model whose layers add losses, as "
            "activity regularizers do. Set it to False."
        )
    tensors |= zip(map(id, segment.writes), outputs, strict=True)
    for variable, old in zip(state, before, strict=True):
        new = scopes[0].get_current_value(variable)
        if new is not old:
            variable.assign(new)


class _StateScope(keras.StatelessScope):
    """Scope that records the updates of variables, except inside branches.

    A tensor computed in a branch of a conditional does not exist outside of
    it. There, the first computation assigns the variable at once, and the
    second computation leaves it alone.

    Args:
        known: pairs of a variable and its value.
        is_first: whether this is the first computation of a segment.
    """

    def __init__(self, known: list[tuple[Any, Any]], is_first: bool):
        super().__init__(known, collect_losses=True)
        self._is_first = is_first
        self._graph = tf.compat.v1.get_default_graph()

    def add_update(self, update: tuple[Any, Any]) -> None:
        """Record the new value of a variable, or assign it in a branch."""
        # TensorFlow traces every branch into a graph of its own.
        if tf.compat.v1.get_default_graph() is self._graph:
            super().add_update(update)
        elif self._is_first:
            variable, value = update
            variable._direct_assign(value)
