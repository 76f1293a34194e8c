"""Rematerialisation changes the memory of a training, and nothing else."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from search.small_models import MODELS
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import collapse
from ntaa_tf import insert_mixed_ops
from ntaa_tf.layers.weight_free import Noise
from ntaa_tf.training.precision import set_precision
from ntaa_tf.training.rematerialization import Rematerialized

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def make_plain(rng):
    model = randomize(make_residual(), rng)
    outputs = layers.Dense(4)(layers.Dropout(0.5, seed=1)(model.output))
    return Rematerialized(model.input, outputs)


def compile_plain(model, **kwargs):
    model.compile(keras.optimizers.SGD(0.01, 0.9), loss=LOSS, **kwargs)


def compile_supernet(supernet, **kwargs):
    supernet.compile(
        keras.optimizers.SGD(0.01, 0.9),
        architecture_optimizer=keras.optimizers.SGD(0.1),
        loss=kwargs.pop("loss", LOSS),
        **kwargs,
    )


def draw_batches(model, rng):
    images = rng.normal(size=(8, *model.input.shape[1:])).astype("float32")
    return images, rng.integers(4, size=8)


def assert_same_variables(first, second, **tolerance):
    for one, other in zip(first.variables, second.variables, strict=True):
        np.testing.assert_allclose(one, other, err_msg=one.path, **tolerance)


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_plain_training_stays_the_same(eagerly, rng):
    models = []
    for remat in (False, True):
        keras.utils.set_random_seed(0)
        model = make_plain(np.random.default_rng(0))
        before = [variable.numpy() for variable in model.variables]
        compile_plain(model, remat=remat, run_eagerly=eagerly)
        batch = draw_batches(model, np.random.default_rng(1))
        model.fit(*batch, epochs=2, batch_size=4, shuffle=False, verbose=0)
        models.append(model)
    assert models[1].remat
    # Weights, moving statistics and the seed of the dropout.
    assert_same_variables(*models, rtol=1e-5, atol=1e-6)
    moved = zip(model.variables, before, strict=True)
    assert all(not np.array_equal(new, old) for new, old in moved)


# Mixed inputs and mixed ops; random coefficients; branches and a layer that
# two places of the graph share.
@pytest.mark.parametrize(
    ("name", "skip_inputs", "relaxation"),
    [
        ("residual", 3, "expectation"),
        pytest.param("residual", 1, "gumbel", marks=pytest.mark.long),
        ("shared", 1, "single_path"),
    ],
)
def test_a_search_stays_the_same(name, skip_inputs, relaxation):
    supernets = []
    for remat in (False, True):
        keras.utils.set_random_seed(0)
        rng = np.random.default_rng(0)
        source = randomize(MODELS[name](), rng)
        supernet = insert_mixed_ops(source, skip_inputs=skip_inputs)
        images, labels = draw_batches(supernet, rng)
        loss = LOSS
        if len(supernet.output.shape) == 4:
            labels, loss = np.zeros((8, *supernet.output.shape[1:])), "mse"
        compile_supernet(
            supernet,
            loss=loss,
            remat=remat,
            relaxation=relaxation,
            start="paper",
        )
        options = {"epochs": 2, "batch_size": 4, "shuffle": False}
        supernet.fit(images, labels, **options, verbose=0)
        supernets.append(supernet)
    assert_same_variables(*supernets, rtol=1e-4, atol=1e-5)


def test_every_noise_is_drawn_once_a_step(rng):
    supernet = insert_mixed_ops(randomize(make_residual(), rng))
    compile_supernet(supernet, remat=True)
    noises = [
        candidate
        for choice in supernet.choices
        for candidate in choice.candidates
        if isinstance(candidate, Noise)
    ]
    before = [noise.seed_generator.state.numpy() for noise in noises]
    supernet.fit(*draw_batches(supernet, rng), verbose=0)
    assert len(noises) == 4
    for noise, old in zip(noises, before, strict=True):
        state = noise.seed_generator.state.numpy()
        np.testing.assert_array_equal(state - old, [0, 1])


@keras.saving.register_keras_serializable(package="tests")
class Counting(layers.Layer):
    """Layer that counts its calls."""

    count = 0

    def call(self, images):
        self.count += 1
        return keras.ops.square(images)


@pytest.mark.parametrize("remat", [False, True])
def test_the_backward_pass_computes_every_layer_again(remat):
    inputs = keras.Input((8, 8, 3))
    hidden = layers.Conv2D(4, 3)(inputs)
    counting = [Counting(), Counting()]
    outputs = counting[1](layers.Conv2D(4, 3)(counting[0](hidden)))
    model = Rematerialized(inputs, outputs)
    compile_plain(model, remat=remat)
    images = np.ones((2, 8, 8, 3), "float32")
    for layer in counting:
        layer.count = 0
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(images, training=True))
    assert [layer.count for layer in counting] == [1, 1]
    tape.gradient(loss, [v.value for v in model.trainable_variables])
    assert [layer.count for layer in counting] == [1 + remat, 1 + remat]


def test_losses_that_layers_add_are_refused():
    inputs = keras.Input((4,))
    hidden = layers.Dense(4, activity_regularizer="l2")(inputs)
    model = Rematerialized(inputs, layers.Dense(2)(hidden))
    model.compile("sgd", loss="mse", remat=True)
    with pytest.raises(ValueError, match=r"`remat`.*activity regularizers"):
        model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)


def test_inference_is_left_alone(rng):
    supernet = insert_mixed_ops(randomize(make_residual(), rng))
    images, _ = draw_batches(supernet, rng)
    expected = np.array(supernet(images))
    compile_supernet(supernet, remat=True)
    np.testing.assert_array_equal(supernet(images), expected)


def test_several_inputs_and_outputs_stay_in_order(rng):
    inputs = [keras.Input((4,)), keras.Input((4,))]
    first = layers.Dense(3)(inputs[0])
    second = layers.Dense(2)(layers.Dense(5)(first * 2) + inputs[1][:, :1])
    model = Rematerialized(inputs, [second, first])
    arrays = list(rng.normal(size=(2, 6, 4)).astype("float32"))
    expected = model(arrays)
    model.compile("sgd", loss="mse", remat=True)
    given = model(arrays, training=True)
    for left, right in zip(given, expected, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


def test_a_supernet_remembers_it_in_a_file(rng, tmp_path):
    supernet = insert_mixed_ops(randomize(make_residual(), rng))
    compile_supernet(supernet, remat=True)
    supernet.save(tmp_path / "supernet.keras")
    assert keras.models.load_model(tmp_path / "supernet.keras").remat


@pytest.mark.parametrize(
    "precision",
    [pytest.param(p, marks=pytest.mark.long) for p in ("float16", "bfloat16")],
)
def test_it_goes_with_mixed_precision(precision, rng):
    results = []
    for remat in (False, True):
        keras.utils.set_random_seed(0)
        rng = np.random.default_rng(0)
        supernet = insert_mixed_ops(randomize(make_residual(), rng))
        set_precision(supernet, precision)
        compile_supernet(supernet, remat=remat)
        batch = draw_batches(supernet, rng)
        history = supernet.fit(*batch, epochs=3, shuffle=False, verbose=0)
        set_precision(supernet)
        collapse(supernet)
        results.append(history.history["loss"])
    assert np.all(np.isfinite(results))
    np.testing.assert_allclose(*results, rtol=0.02)


CHAIN = """
import keras
import numpy as np
from ntaa_tf.training.machine import find_peak_memory
from ntaa_tf.training.rematerialization import Rematerialized

inputs = tensor = keras.Input((64, 64, 8))
for _ in range(32):
    tensor = keras.layers.Conv2D(8, 3, padding="same")(tensor)
    tensor = keras.layers.Activation("swish")(tensor)
model = Rematerialized(inputs, keras.layers.GlobalAveragePooling2D()(tensor))
images = np.zeros((64, 64, 64, 8), "float32")
targets = np.zeros((64, 8), "float32")
before = find_peak_memory()
for remat in (True, False):
    model.compile("sgd", loss="mse", remat=remat)
    model.fit(images, targets, batch_size=64, epochs=2, verbose=0)
    print(find_peak_memory() - before)
"""


@pytest.mark.long
def test_the_peak_of_memory_is_much_lower():
    """The smaller peak is measured first: a process keeps its largest."""
    command = [sys.executable, "-c", CHAIN]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    recomputed, held = map(int, result.stdout.split()[-2:])
    # Maps of 8 MiB: 64 of them are held, or about 16.
    assert recomputed < 0.6 * held
