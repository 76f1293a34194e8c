"""The calls of a functional Keras model, in the order they run.

Keras keeps its graph as nodes, one for each time an operation is called;
a layer that is shared has several. All knowledge of these nodes is here.
"""

import collections
import inspect
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Call:
    """One use of an operation in a graph.

    Args:
        index: its place in the order of execution.
        operation: the layer or operation that is called.
        inputs: the symbolic tensors it reads.
        outputs: its symbolic outputs.
        parents: indices of the calls whose outputs it reads.
        arguments: Keras's record of what it is called with.
    """

    index: int
    operation: Any
    inputs: tuple
    outputs: tuple
    parents: tuple[int, ...]
    arguments: Any

    @property
    def output(self) -> Any:
        """Its first symbolic output."""
        return self.outputs[0]


def list_calls(model: keras.Model) -> list[Call]:
    """List every call of a functional model, inputs first."""
    index_of: dict[Any, int] = {}
    calls: list[Call] = []
    for node in _nodes_in_order(model):
        index_of[node] = len(calls)
        parents = tuple(index_of[parent] for parent in node.parent_nodes)
        call = Call(
            index=len(calls),
            operation=node.operation,
            inputs=tuple(node.input_tensors),
            outputs=tuple(node.outputs),
            parents=parents,
            arguments=node.arguments,
        )
        calls.append(call)
    return calls


def run_calls(
    calls: Iterable[Call], tensors: dict[int, Any], training: bool
) -> None:
    """Run calls, one after the other.

    Args:
        calls: in the order they run; those of inputs do nothing.
        tensors: the tensor that stands for each symbolic one, by the id of
            the latter. What the calls give is added.
        training: whether the model trains.
    """
    for call in calls:
        if not call.inputs:
            continue
        positional, named = call.arguments.fill_in(tensors)
        if "training" in inspect.signature(call.operation.call).parameters:
            named["training"] = training
        given = keras.tree.flatten(call.operation(*positional, **named))
        for symbolic, tensor in zip(call.outputs, given, strict=True):
            tensors[id(symbolic)] = tensor


def _nodes_in_order(model: keras.Model) -> Iterator[Any]:
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from model._nodes_by_depth[depth]


def find_consumers(calls: list[Call]) -> dict[int, list[Call]]:
    """Map the index of each call to the calls that read its output."""
    consumers: dict[int, list[Call]] = collections.defaultdict(list)
    for call in calls:
        for parent in dict.fromkeys(call.parents):
            consumers[parent].append(call)
    return consumers


def find_ancestors(calls: list[Call]) -> list[int]:
    """Give each call the set of calls it depends on, itself included.

    Returns:
        One integer for each call, used as a set of bits: bit i is set where
        call i is an ancestor. Unions and differences of thousands of
        ancestors stay cheap.
    """
    ancestors: list[int] = []
    for call in calls:
        own = 1 << call.index
        for parent in call.parents:
            own |= ancestors[parent]
        ancestors.append(own)
    return ancestors


def trace_back(tensor: Any) -> tuple[Any, tuple]:
    """Name the operation that made a symbolic tensor, and what it read."""
    operation, node_index, _ = tensor._keras_history
    return operation, tuple(operation._inbound_nodes[node_index].input_tensors)


def find_upstream(tensor: Any) -> set[int]:
    """Give the ids of all operations that a symbolic tensor depends on."""
    found: set[int] = set()
    waiting = [tensor]
    while waiting:
        operation, inputs = trace_back(waiting.pop())
        if id(operation) not in found:
            found.add(id(operation))
            waiting.extend(inputs)
    return found
