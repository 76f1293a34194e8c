"""The memory estimate counts saved activations, and fits a real process."""

import subprocess
import sys

import keras
import pytest
from keras import layers
from search.small_models import make_residual

from ntaa_tf import insert_mixed_ops
from ntaa_tf.costs.memory import estimate_memory
from ntaa_tf.costs.memory import measure_saved
from ntaa_tf.graph.walk import list_calls

MAP = 16 * 8  # Numbers in a map of 4 × 4 pixels and 8 channels.


def measure(tensor, inputs, size=4):
    return sum(measure_saved(list_calls(keras.Model(inputs, tensor)), size))


@pytest.mark.parametrize(
    ("layer", "maps"),
    [
        (layers.Conv2D(8, 3, padding="same"), 1),
        (layers.DepthwiseConv2D(3, padding="same"), 1),
        (layers.BatchNormalization(), 1),
        (layers.ReLU(), 1),
        (layers.Activation("relu"), 1),
        (layers.Activation("swish"), 1),
        (layers.ZeroPadding2D(1), 0),
        (layers.AveragePooling2D(2), 0),
        (layers.MaxPooling2D(1), 1),
        (layers.Dropout(0.5), 0),
    ],
)
def test_a_layer_holds_what_its_gradient_needs(layer, maps):
    inputs = keras.Input((4, 4, 8))
    read = layers.ZeroPadding2D(0)(inputs)
    written = layers.ZeroPadding2D(0)(layer(read))
    assert measure(written, inputs) == 4 * maps * MAP


def test_what_two_layers_need_is_held_once():
    inputs = keras.Input((4, 4, 8))
    shared = layers.ReLU()(inputs)
    branches = [layers.Conv2D(8, 1)(shared), layers.Conv2D(8, 1)(shared)]
    assert measure(layers.Add()(branches), inputs) == 4 * MAP


def test_half_precision_halves_all_but_what_batch_norm_reads():
    inputs = keras.Input((4, 4, 8))
    scaled = layers.ZeroPadding2D(0)(inputs)
    written = layers.Conv2D(8, 1)(layers.ReLU()(scaled))
    assert measure(written, inputs, size=2) == 2 * MAP
    written = layers.BatchNormalization()(layers.Conv2D(8, 1)(scaled))
    assert measure(written, inputs, size=2) == (2 + 4) * MAP


def test_a_fused_activation_holds_as_one_of_its_own():
    inputs = keras.Input((4, 4, 8))
    held = {}
    for name in ("linear", "relu", "swish"):
        conv = layers.Conv2D(8, 1, activation=name)(inputs)
        written = layers.ZeroPadding2D(0)(conv)
        held[name] = measure(written, inputs) - 4 * MAP  # The input.
    assert held == {"linear": 0, "relu": 4 * MAP, "swish": 4 * MAP}


def test_memory_grows_with_the_batch_and_the_search():
    model = make_residual()
    few, many = estimate_memory(model, 1), estimate_memory(model, 100)
    assert many - few == pytest.approx(
        99 * 1.1 * sum(measure_saved(list_calls(model), 4)), rel=1e-6
    )
    assert estimate_memory(insert_mixed_ops(model), 8) > estimate_memory(
        model, 8
    )


def test_every_saving_saves_and_accumulation_costs():
    inputs = tensor = keras.Input((32, 32, 8))
    for _ in range(32):
        tensor = layers.Conv2D(8, 3, padding="same", use_bias=False)(tensor)
    model = keras.Model(inputs, tensor)
    fixed = estimate_memory(model, 0)
    plain = estimate_memory(model, 512)
    remat = estimate_memory(model, 512, remat=True)
    assert (plain - fixed) / (remat - fixed) > 2
    half = estimate_memory(model, 512, mixed_precision="bfloat16")
    assert (plain - fixed) / (half - fixed) == pytest.approx(2, rel=0.01)
    both = estimate_memory(model, 512, mixed_precision="float16", remat=True)
    assert both < min(remat, half)
    more = estimate_memory(model, 512, accumulates=True)
    assert more - plain == 4 * model.count_params()


TRAINING = """
import keras
import numpy as np
import ntaa_tf
from ntaa_tf.training.machine import find_peak_memory
from ntaa_tf.costs.memory import estimate_memory

source = keras.applications.MobileNet(weights=None, input_shape=(64, 64, 3))
before = find_peak_memory() // 1024
supernet = ntaa_tf.insert_mixed_ops(source)
supernet.compile(
    keras.optimizers.SGD(0.01, 0.9, global_clipnorm=5.0),
    architecture_optimizer=keras.optimizers.SGD(0.1, 0.9),
    loss="sparse_categorical_crossentropy",
)
images, labels = np.zeros((64, 64, 64, 3), "float32"), np.zeros(64)
supernet.fit(images, labels, batch_size=64, epochs=2, verbose=0)
after = find_peak_memory() // 1024
print(estimate_memory(supernet, 64) / 1024 / (after - before))
"""


@pytest.mark.long
def test_the_estimate_is_near_to_what_a_process_takes():
    command = [sys.executable, "-c", TRAINING]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=500
    )
    assert result.returncode == 0, result.stderr
    assert 0.6 < float(result.stdout.split()[-1]) < 1.6
