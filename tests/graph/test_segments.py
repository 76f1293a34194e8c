"""A graph computes the same segment by segment as all at once."""

import math

import keras
import numpy as np
import pytest
import tiny_models
from keras import layers

from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.segments import count_crossing
from ntaa_tf.graph.segments import cut_segments
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.graph.walk import run_calls


def make_chain(widths):
    """A chain of layers whose outputs have these many channels."""
    inputs = tensor = keras.Input((4, 4, 1))
    for width in widths:
        tensor = layers.Conv2D(width, 1)(tensor)
    return keras.Model(inputs, tensor)


def count_outputs(model):
    return [
        math.prod(call.output.shape[1:]) if call.inputs else 0
        for call in list_calls(model)
    ]


def run_in_segments(segments, model, images):
    tensors = {id(model.inputs[0]): keras.ops.convert_to_tensor(images)}
    for segment in segments:
        inner = {id(read): tensors[id(read)] for read in segment.reads}
        run_calls(segment.calls, inner, training=False)
        tensors |= {id(write): inner[id(write)] for write in segment.writes}
    return [tensors[id(output)] for output in model.outputs]


@pytest.mark.parametrize("name", tiny_models.FACTORIES)
def test_segments_compute_what_the_graph_computes(name, rng):
    model = as_functional(tiny_models.make_model(name))
    # Saved activations so large that a cut behind every call is cheapest.
    segments = cut_segments(model, [10**9] * len(list_calls(model)))
    assert len(segments) > 1
    shape = (2, *model.inputs[0].shape[1:])
    images = rng.normal(size=shape).astype("float32")
    expected = keras.tree.flatten(model(images))
    given = run_in_segments(segments, model, images)
    for left, right in zip(given, expected, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


@pytest.mark.parametrize("name", tiny_models.FACTORIES)
def test_every_call_is_in_one_segment(name):
    model = as_functional(tiny_models.make_model(name))
    calls = list_calls(model)
    segments = cut_segments(model, [100 * bool(c.inputs) for c in calls])
    indices = [call.index for segment in segments for call in segment.calls]
    computed = [call.index for call in calls if call.inputs]
    assert [i for i in indices if calls[i].inputs] == computed


def test_cuts_are_where_few_activations_are_live():
    model = make_chain([8, 8, 2, 8, 8, 2, 8, 8])
    segments = cut_segments(model, count_outputs(model))
    assert len(segments) > 1
    for segment in segments[1:]:
        assert [read.shape[-1] for read in segment.reads] == [2]
    assert count_crossing(segments) == 16 * 2 * (len(segments) - 1)


def test_a_residual_is_not_cut_inside():
    inputs = tensor = keras.Input((4, 4, 8))
    for _ in range(4):
        branch = layers.Conv2D(8, 1)(layers.Conv2D(8, 1)(tensor))
        tensor = layers.Add()([branch, tensor])
    model = keras.Model(inputs, tensor)
    segments = cut_segments(model, count_outputs(model))
    assert len(segments) > 1
    for segment in segments[1:]:
        assert len(segment.reads) == 1


def test_cuts_need_least_memory():
    model = make_chain([8] * 16)
    saved = count_outputs(model)
    segments = cut_segments(model, saved)
    largest = max(sum(saved[c.index] for c in s.calls) for s in segments)
    # A map has 128 numbers. √16 segments of 4 maps are best: 3 crossing maps,
    # and the 4 of one segment.
    assert largest + count_crossing(segments) <= 7 * 128


def test_variables_of_a_shared_layer_are_listed_once():
    model = tiny_models.make_model("shared")
    (segment,) = cut_segments(model, [0] * len(list_calls(model)))
    assert len(segment.variables) == 4
