"""Latencies of options, and the models that they are measured on."""

import keras
from keras import layers
from search.small_models import make_residual

from ntaa_tf import insert_mixed_ops
from ntaa_tf.costs import latency_table
from ntaa_tf.costs.latency_table import measure_latency_table
from ntaa_tf.costs.options import build_options
from ntaa_tf.graph.walk import list_calls


def make_chain():
    """A stem and two equal convolutions."""
    inputs = keras.Input((8, 8, 3))
    tensor = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    for name in ("first", "second"):
        tensor = layers.Conv2D(4, 3, padding="same", name=name)(tensor)
    return keras.Model(inputs, tensor)


def test_every_option_has_a_latency_and_nothing_has_none(monkeypatch):
    monkeypatch.setattr(latency_table, "REPEATS", 2)
    source = make_chain()
    supernet = insert_mixed_ops(source, "conv5x5,identity", skip_inputs=3)
    table = measure_latency_table(source, supernet)
    assert table.source > 0
    assert {k: set(v) for k, v in table.options.items()} == {
        choice.name: set(choice.options) for choice in supernet.choices
    }
    assert table.options["first"]["identity"] == 0


def test_what_a_call_takes_by_itself_is_taken_out(monkeypatch):
    """Every model takes 5 ms, and 1 ms more for each layer."""

    def measure(models, batch_size, repeats):
        assert batch_size == 1
        return [5.0 + len(model.layers[1:]) for model in models]

    monkeypatch.setattr(latency_table, "measure_latencies", measure)
    source = make_residual()
    supernet = insert_mixed_ops(source, "conv5x5,identity")
    options = measure_latency_table(source, supernet).options
    assert options["first"] == {"source": 1.0, "conv5x5": 1.0, "identity": 0.0}


def test_equal_options_are_built_once():
    supernet = insert_mixed_ops(make_chain(), "conv5x5,identity")
    options = build_options(list_calls(supernet))
    assert list(options["first"]) == ["source", "conv5x5", "identity"]
    for option, model in options["first"].items():
        assert options["second"][option] is model
    assert len({id(model) for model in options["first"].values()}) == 3


def test_options_on_other_shapes_are_built_anew():
    supernet = insert_mixed_ops(make_residual(), "identity")
    options = build_options(list_calls(supernet))
    assert options["first"]["identity"] is not options["second"]["identity"]
