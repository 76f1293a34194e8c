"""bfloat16 is chosen where it is faster, and measuring changes nothing."""

import keras
import numpy as np
import pytest

from ntaa_tf.training import fastest_precision
from ntaa_tf.training.fastest_precision import choose_precision
from ntaa_tf.training.fastest_precision import multiplies_bfloat16


def make_model():
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(4, 3)(inputs)
    hidden = keras.layers.BatchNormalization()(hidden)
    hidden = keras.layers.Dropout(0.5)(hidden)
    hidden = keras.layers.GlobalAveragePooling2D()(hidden)
    return keras.Model(inputs, keras.layers.Dense(2)(hidden))


@pytest.mark.parametrize(
    ("seconds", "chosen"), [(0.5, "bfloat16"), (0.99, "none"), (2.0, "none")]
)
def test_bfloat16_has_to_be_worth_it(seconds, chosen, monkeypatch):
    monkeypatch.setattr(fastest_precision, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(
        fastest_precision,
        "_time_steps",
        lambda *_: {"none": 1.0, "bfloat16": seconds},
    )
    assert choose_precision(make_model(), 4) == chosen


def test_nothing_is_measured_without_the_hardware(monkeypatch):
    monkeypatch.setattr(fastest_precision, "multiplies_bfloat16", lambda: False)
    monkeypatch.delattr(fastest_precision, "_time_steps")
    assert choose_precision(make_model(), 4) == "none"


def test_a_processor_is_known_by_its_flags(tmp_path):
    info = tmp_path / "cpuinfo"
    assert not multiplies_bfloat16(info)
    info.write_text("flags\t: fpu avx512_bf16\n")
    assert not multiplies_bfloat16(info)
    info.write_text("flags\t: fpu amx_bf16 amx_tile\n")
    assert multiplies_bfloat16(info)


def test_measuring_leaves_the_model_as_it_is():
    model = make_model()
    before = [variable.numpy() for variable in model.variables]
    seconds = fastest_precision._time_steps(model, 4)
    assert set(seconds) == {"none", "bfloat16"}
    assert min(seconds.values()) > 0
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, variable)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_both_precisions_are_measured(monkeypatch):
    seen = []
    trace = fastest_precision._trace_step

    def note(model, images):
        seen.append(model.layers[1].compute_dtype)
        return trace(model, images)

    monkeypatch.setattr(fastest_precision, "_trace_step", note)
    fastest_precision._time_steps(make_model(), 4)
    assert seen == ["float32", "bfloat16"]
