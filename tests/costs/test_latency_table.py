import pytest
from search.small_models import make_residual

from ntaa_tf import insert_mixed_ops
from ntaa_tf.costs import latency_table
from ntaa_tf.costs.latency_table import measure_latency_table
from ntaa_tf.costs.options import build_options
from ntaa_tf.graph.walk import list_calls


def test_every_option_has_a_latency_and_nothing_has_none():
    source = make_residual()
    supernet = insert_mixed_ops(source, "conv5x5,identity", skip_inputs=3)
    table = measure_latency_table(source, supernet)
    assert table.source > 0
    assert {k: set(v) for k, v in table.options.items()} == {
        choice.name: set(choice.options) for choice in supernet.choices
    }
    assert table.options["first"]["identity"] == 0


def test_what_a_call_takes_by_itself_is_taken_out(monkeypatch):
    """Whatever is measured takes 5 ms, and 1 ms more for each layer."""

    def measure(models, batch_size, repeats):
        assert batch_size == 1
        return [5.0 + len(model.layers[1:]) for model in models]

    monkeypatch.setattr(latency_table, "measure_latencies", measure)
    supernet = insert_mixed_ops(make_residual(), "conv5x5,identity")
    options = measure_latency_table(make_residual(), supernet).options
    assert options["first"] == {"source": 1.0, "conv5x5": 1.0, "identity": 0.0}


def test_equal_options_are_built_once():
    supernet = insert_mixed_ops(make_residual(), "conv5x5,conv1x1,identity")
    options = build_options(list_calls(supernet))
    models = [m for of in options.values() for m in of.values()]
    assert options["first"]["identity"] is not options["second"]["identity"]
    assert len({id(model) for model in models}) <= len(models)
    again = insert_mixed_ops(make_residual(), "conv5x5,conv1x1,identity")
    first = build_options(list_calls(again))["first"]
    assert [m.count_params() for m in first.values()] == pytest.approx(
        [m.count_params() for m in options["first"].values()]
    )
