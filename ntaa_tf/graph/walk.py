"""Calls of a functional Keras model, in the order of execution.

Keras stores its graph as nodes, one for each call of an operation. A shared
layer has several nodes. This module alone reads Keras's private node fields.
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
    """One call of an operation in a graph.

    Args:
        index: position in the order of execution.
        operation: the called layer or operation.
        inputs: symbolic tensors that the call reads.
        outputs: symbolic tensors that the call writes.
        parents: indices of the calls that made the inputs.
        arguments: Keras's record of the positional and keyword arguments.
    """

    index: int
    operation: Any
    inputs: tuple
    outputs: tuple
    parents: tuple[int, ...]
    arguments: Any

    @property
    def output(self) -> Any:
        """The first symbolic output."""
        return self.outputs[0]


def list_calls(model: keras.Model) -> list[Call]:
    """List every call of a functional model in the order of execution."""
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
    """Run calls one after the other.

    Args:
        calls: the calls, in the order of execution. Calls of InputLayers are
            skipped.
        tensors: maps the id of each symbolic tensor to its value. The outputs
            of the calls are added.
        training: whether the model trains.
    """
    for call in calls:
        if not call.inputs:
            continue
        # The recorded arguments, with values in the place of symbolic tensors.
        positional, named = call.arguments.fill_in(tensors)
        if "training" in inspect.signature(call.operation.call).parameters:
            named["training"] = training
        outputs = keras.tree.flatten(call.operation(*positional, **named))
        for symbolic, tensor in zip(call.outputs, outputs, strict=True):
            tensors[id(symbolic)] = tensor


def _nodes_in_order(model: keras.Model) -> Iterator[Any]:
    # Depth counts from the outputs, so the deepest nodes run first. Only nodes
    # of this model are listed, not other uses of its layers.
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from model._nodes_by_depth[depth]


def find_consumers(calls: list[Call]) -> dict[int, list[Call]]:
    """Map the index of each call to the calls that read its output."""
    consumers: dict[int, list[Call]] = collections.defaultdict(list)
    for call in calls:
        # Once each: `x + x` reads one output twice.
        for parent in dict.fromkeys(call.parents):
            consumers[parent].append(call)
    return consumers


def find_ancestors(calls: list[Call]) -> list[int]:
    """Find the calls that each call depends on, including itself.

    Returns:
        One bit mask for each call: bit i is set if call i is an ancestor.
        Unions and differences of thousands of ancestors stay cheap.
    """
    ancestors: list[int] = []
    for call in calls:
        own = 1 << call.index
        for parent in call.parents:
            own |= ancestors[parent]
        ancestors.append(own)
    return ancestors


def trace_back(tensor: Any) -> tuple[Any, tuple]:
    """Return the operation that made a symbolic tensor, and its inputs."""
    # A shared operation has a node for each call; the index names this one.
    operation, node_index, _ = tensor._keras_history
    return operation, tuple(operation._inbound_nodes[node_index].input_tensors)


def find_upstream(tensor: Any) -> set[int]:
    """Return the ids of all operations that a symbolic tensor depends on."""
    found: set[int] = set()
    waiting = [tensor]
    while waiting:
        operation, inputs = trace_back(waiting.pop())
        if id(operation) not in found:
            found.add(id(operation))
            waiting.extend(inputs)
    return found
