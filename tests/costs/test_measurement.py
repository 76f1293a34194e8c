"""Predicted costs of a supernet are the costs of its collapsed models."""

import keras
import numpy as np
import pytest
from keras import layers
from search.small_models import MODELS

from ntaa_tf import Architecture
from ntaa_tf import Budget
from ntaa_tf import SiteChoice
from ntaa_tf import collapse
from ntaa_tf import insert_mixed_ops
from ntaa_tf.costs.depth_steps import count_savings
from ntaa_tf.costs.depth_steps import list_steps
from ntaa_tf.costs.depth_steps import measure_depths
from ntaa_tf.costs.latency_table import LatencyTable
from ntaa_tf.costs.measurement import measure_network
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.search.replacements import input_name


def make_direct(size=8):
    """1×1 convolutions right behind depthwise ones: one layer deep."""
    tensor = inputs = keras.Input((size, size, 3))
    tensor = layers.Conv2D(4, 3, padding="same", name="stem")(tensor)
    for name in "ab":
        tensor = layers.DepthwiseConv2D(3, padding="same", name=name)(tensor)
        tensor = layers.Conv2D(4, 1, name=f"{name}_pointwise")(tensor)
    tensor = layers.Conv2D(2, 1, name="reduce")(tensor)
    tensor = layers.Conv2D(4, 3, padding="same", name="c")(tensor)
    pooled = layers.GlobalAveragePooling2D()(tensor)
    return keras.Model(inputs, [layers.Dense(2)(pooled), layers.ReLU()(tensor)])


def make_gated(size=8):
    """Squeeze and excitation between two convolutions."""
    inputs = keras.Input((size, size, 3))
    stem = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    main = layers.Conv2D(4, 3, padding="same", name="main")(stem)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(main)
    gate = layers.Conv2D(4, 1, activation="sigmoid", name="gate")(gate)
    outputs = layers.Conv2D(4, 3, padding="same", name="last")(main * gate)
    return keras.Model(inputs, outputs)


ALL = {**MODELS, "direct": make_direct, "gated": make_gated}
SPACE = "conv5x5,separable3x3,conv1x1,identity,globalization,max_pool"


def list_architectures(supernet, rng):
    """Shuffle the options of all choices, so that each occurs at least once."""
    columns = {
        choice.name: rng.permutation(choice.options)
        for choice in supernet.choices
    }
    for row in range(max(map(len, columns.values()))):
        yield {
            name: str(options[row % len(options)])
            for name, options in columns.items()
        }


def draw_options(supernet, rng):
    return {
        choice.name: str(rng.choice(choice.options))
        for choice in supernet.choices
    }


def measure(supernet, options):
    architecture = Architecture(
        {
            choice.name: SiteChoice(
                options[choice.name],
                int(options.get(input_name(choice.name), 0)),
            )
            for choice in supernet.choices
            if isinstance(choice, MixedOp)
        }
    )
    return measure_cost(collapse(supernet, architecture))


@pytest.mark.parametrize(
    ("name", "skip_inputs"),
    [(name, 1 if name == "direct" else 3) for name in ALL],
)
def test_costs_are_those_of_the_collapsed_model(name, skip_inputs, rng):
    supernet = insert_mixed_ops(ALL[name](), SPACE, skip_inputs=skip_inputs)
    network = measure_network(supernet)
    for options in list_architectures(supernet, rng):
        cost = measure(supernet, options)
        told = network.evaluate(options)
        assert (told["macs"], told["parameters"], told["depth"]) == (
            cost.macs,
            cost.parameters,
            cost.depth,
        )


def test_the_source_s_options_cost_what_the_source_costs():
    source = make_direct()
    network = measure_network(insert_mixed_ops(source, skip_inputs=3))
    told = network.evaluate(network.source)
    cost = measure_cost(source)
    assert (told["macs"], told["depth"]) == (cost.macs, cost.depth)


@pytest.mark.parametrize("name", ["direct", "residual"])
def test_no_architecture_saves_more_depth_than_is_counted(name, rng):
    supernet = insert_mixed_ops(ALL[name](), SPACE, skip_inputs=3)
    network = measure_network(supernet)
    steps, of_calls = list_steps(network.nodes)
    last = of_calls[network.outputs[0]]
    drawn = [draw_options(supernet, rng) for _ in range(30)]
    for options in drawn:
        depths = measure_depths(steps, options)
        savings = count_savings(steps, depths, last)
        for others in drawn:
            saved = sum(savings.get(pair, 0) for pair in others.items())
            depth = measure_depths(steps, others)[last]
            assert depth >= depths[last] - saved
        assert sum(savings.get(pair, 0) for pair in options.items()) == 0


def test_a_gate_does_not_count_into_the_depth():
    supernet = insert_mixed_ops(make_gated())
    assert Budget(supernet, {"depth": 3}).source == {"depth": 3}


@pytest.mark.parametrize("sites", ["gate", "stem|main"])
def test_depth_can_not_be_limited_where_choices_decide_what_a_gate_is(sites):
    supernet = insert_mixed_ops(make_gated(), sites=sites)
    with pytest.raises(ValueError, match=r"`limits`.*squeeze-and-excitation"):
        Budget(supernet, {"depth": 3})
    assert Budget(supernet, {"macs": 1e9}).source["macs"] > 0


def test_the_source_s_options_have_the_source_s_latency():
    supernet = insert_mixed_ops(make_gated(), "identity", skip_inputs=3)
    rng = np.random.default_rng(0)
    table = LatencyTable(
        7.0,
        {
            choice.name: dict(
                zip(choice.options, rng.random(9).tolist(), strict=False)
            )
            for choice in supernet.choices
        },
    )
    network = measure_network(supernet, table)
    told = network.evaluate(network.source)["latency_ms"]
    assert told == pytest.approx(7.0)
