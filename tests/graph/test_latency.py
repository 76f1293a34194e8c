import keras
import pytest

from ntaa_tf.graph import latency
from ntaa_tf.graph.latency import measure_latencies


def make_model(order, name):
    """A model that notes when it is called."""

    class Witness(keras.layers.Layer):
        def call(self, images):
            note = lambda _: order.append(name)  # noqa: E731
            latency.tf.py_function(note, [images], [])
            return images

    images = keras.Input((4, 4, 3))
    return keras.Model(images, Witness()(images))


def test_models_take_turns_after_the_warm_up():
    order = []
    models = [make_model(order, name) for name in "ab"]
    first, second = measure_latencies(models, 1, repeats=3)
    assert first > 0 and second > 0
    assert "".join(order) == "aabb" + 3 * "ab"


def test_latency_is_the_median_in_milliseconds(monkeypatch):
    durations = [0.001, 0.002, 0.030]
    ticks = iter([tick for end in durations for tick in (0, end)])
    model = make_model([], "a")
    monkeypatch.setattr(latency.time, "perf_counter", lambda: next(ticks))
    assert measure_latencies([model], 4, repeats=3) == [pytest.approx(2)]
