"""Every call of every operation is listed once, in execution order."""

import keras
import pytest
import tiny_models
from keras import layers

from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.walk import find_ancestors
from ntaa_tf.graph.walk import find_consumers
from ntaa_tf.graph.walk import find_upstream
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.graph.walk import run_calls
from ntaa_tf.graph.walk import trace_back


def name_calls(calls):
    return [call.operation.name for call in calls]


@pytest.mark.parametrize("name", tiny_models.FACTORIES)
def test_a_call_comes_after_all_that_it_reads(name):
    calls = list_calls(as_functional(tiny_models.make_model(name)))
    assert [call.index for call in calls] == list(range(len(calls)))
    for call in calls:
        assert all(parent < call.index for parent in call.parents)
        assert len(call.parents) == len(call.inputs)


def test_operators_and_each_use_of_a_shared_layer_are_calls():
    names = name_calls(list_calls(tiny_models.make_model("shared")))
    assert names.count("shared") == 2
    kinds = [
        type(call.operation).__name__
        for call in list_calls(tiny_models.make_model("residual"))
    ]
    assert kinds.count("Multiply") == kinds.count("Add") == 1


def test_uses_outside_of_the_model_are_not_listed():
    images = keras.Input((8, 8, 3), name="images")
    conv = layers.Conv2D(3, 3, padding="same", name="conv")
    once = conv(images)
    keras.Model(images, conv(once))
    calls = list_calls(keras.Model(images, once))
    assert name_calls(calls) == ["images", "conv"]


def test_consumers_are_listed_once_each():
    images = keras.Input((8, 8, 3), name="images")
    x = layers.ReLU(name="relu")(images)
    doubled = layers.Add(name="double")([x, x])
    calls = list_calls(keras.Model(images, doubled + images))
    consumers = find_consumers(calls)
    index = {call.operation.name: call.index for call in calls}
    assert name_calls(consumers[index["relu"]]) == ["double"]
    assert sorted(c.index for c in consumers[index["images"]]) == sorted(
        {index["relu"], len(calls) - 1}
    )
    assert consumers[len(calls) - 1] == []


def test_ancestors_are_all_that_a_call_depends_on():
    calls = list_calls(tiny_models.make_model("two_outputs"))
    ancestors = find_ancestors(calls)
    index = {call.operation.name: call.index for call in calls}

    def names_before(name):
        bits = ancestors[index[name]]
        return {n for n, i in index.items() if bits >> i & 1}

    assert names_before("aside") == {"images", "stem", "aside"}
    assert names_before("conv") == {"images", "stem", "relu", "conv"}


def test_a_tensor_of_a_shared_layer_is_traced_to_its_own_use():
    images = keras.Input((8, 8, 3))
    relu = layers.ReLU()
    first = relu(images)
    second = relu(first)
    assert trace_back(first) == (relu, (images,))
    assert trace_back(second)[1][0] is first


def test_upstream_is_every_operation_behind_a_tensor():
    model = tiny_models.make_model("two_outputs")
    deep, shallow = model.outputs
    names = {
        name: {o.name for o in model.operations if id(o) in find_upstream(x)}
        for name, x in (("deep", deep), ("shallow", shallow))
    }
    assert names["shallow"] == {"images", "stem", "aside"}
    assert names["deep"] == {"images", "stem", "relu", "conv"}


def test_running_calls_passes_on_whether_the_model_trains():
    images = keras.Input((8,))
    outputs = layers.Dropout(0.5)(layers.Identity()(images))
    calls = list_calls(keras.Model(images, outputs))
    for training in (False, True):
        tensors = {id(images): keras.ops.ones((4, 8))}
        run_calls(calls, tensors, training)
        dropped = bool(keras.ops.any(tensors[id(outputs)] == 0))
        assert dropped is training
