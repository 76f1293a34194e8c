"""Measurement of a supernet: from its graph to a network of costs."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import keras

from ntaa_tf.costs.latency_table import LatencyTable
from ntaa_tf.costs.layer_depths import UNWEIGHTED
from ntaa_tf.costs.layer_depths import count_depths
from ntaa_tf.costs.network import CostNetwork
from ntaa_tf.costs.nodes import FIXED
from ntaa_tf.costs.nodes import Alternative
from ntaa_tf.costs.nodes import Node
from ntaa_tf.costs.options import LayersCost
from ntaa_tf.costs.options import build_options
from ntaa_tf.costs.options import measure_layers
from ntaa_tf.graph.cost import count_macs
from ntaa_tf.graph.cost import counts_into_depth
from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.select import Roles
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import find_consumers
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.graph.walk import trace_back
from ntaa_tf.layers.choice import Choice
from ntaa_tf.layers.mixed_input import MixedInput

OptionCosts = Mapping[str, Mapping[str, LayersCost]]


def measure_network(
    supernet: keras.Model, latency: LatencyTable | None = None
) -> CostNetwork:
    """Measure the cost of each option of a supernet.

    Args:
        supernet: a supernet. It is not modified.
        latency: latency of each option. Without it all latencies are 0.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    >>> conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    >>> supernet = insert_mixed_ops(keras.Model(inputs, conv(hidden)))
    >>> network = measure_network(supernet)
    >>> network.evaluate({"conv": "source"})["macs"]
    16128
    >>> network.evaluate({"conv": "identity"})["macs"]
    6912
    """
    calls = list_calls(as_functional(supernet))
    roles = Roles(calls)
    costs = {
        name: {option: measure_layers(model) for option, model in of.items()}
        for name, of in build_options(calls).items()
    }
    nodes = tuple(
        _make_chosen(call, costs[call.operation.name], latency)
        if isinstance(call.operation, Choice)
        else _make_fixed(call, roles)
        for call in calls
    )
    return CostNetwork(
        nodes=nodes,
        outputs=tuple(_find(tensor, calls) for tensor in supernet.outputs),
        latency_ms=latency.source - _sum_sources(nodes) if latency else 0.0,
        has_fixed_depths=not any(_list_unsure(calls, roles)),
    )


def _make_fixed(call: Call, roles: Roles) -> Node:
    """Make the node of a call that is not searched."""
    layer: Any = call.operation
    is_gate = counts_into_depth(layer) and roles.name(call) == "gate"
    is_layer = isinstance(layer, keras.layers.Layer)
    cost = LayersCost(
        macs=count_macs(call),
        parameters=layer.count_params() if is_layer else 0,
        depths=UNWEIGHTED if is_gate else count_depths([layer]),
    )
    return Node(layer.name, FIXED, {FIXED: Alternative(call.parents, cost)})


def _make_chosen(
    call: Call, costs: Mapping[str, LayersCost], latency: LatencyTable | None
) -> Node:
    """Make the node of a choice.

    A mixed input reads one of its inputs, any other choice reads all.
    """
    name = call.operation.name
    reads_one = isinstance(call.operation, MixedInput)
    alternatives = {
        option: Alternative(
            parents=(call.parents[index],) if reads_one else call.parents,
            cost=cost,
            latency_ms=latency.options[name][option] if latency else 0.0,
            weight_free=int(call.operation.is_weight_free(option)),
        )
        for index, (option, cost) in enumerate(costs.items())
    }
    return Node(name, name, alternatives)


def _sum_sources(nodes: tuple[Node, ...]) -> float:
    """Sum the latencies of the source's own options."""
    return sum(next(iter(n.alternatives.values())).latency_ms for n in nodes)


def _find(tensor: Any, calls: list[Call]) -> int:
    """Find the call that made a tensor.

    Its operation alone doesn't tell: a shared layer has several calls.
    """
    operation, inputs = trace_back(tensor)
    return next(
        call.index
        for call in calls
        if call.operation is operation
        and [*map(id, call.inputs)] == [*map(id, inputs)]
    )


def _list_unsure(calls: list[Call], roles: Roles) -> Iterator[Call]:
    """List the calls that may be part of a gate in some architectures only.

    There are none if no choice lies in a gate or reads its output, every
    choice has a fixed convolution before it, and gates act on maps only.
    """
    consumers = find_consumers(calls)
    gates = [c for c in calls if roles.is_pooled(c) and roles.rejoins(c)]
    # A gate that a head reads as well: it is part of the head in architectures
    # that skip the map behind the gate.
    for call in gates:
        if not all(
            roles.rejoins(consumer) or not roles.is_pooled(consumer)
            for consumer in consumers[call.index]
        ):
            yield call
    # A choice before all fixed convolutions may become an operation without
    # weights. Then the first convolution behind it is the stem, even a gate's.
    for call in calls:
        if isinstance(call.operation, Choice) and (
            any(roles.is_pooled(calls[parent]) for parent in call.parents)
            or (gates and roles.name(call) == "stem")
        ):
            yield call
