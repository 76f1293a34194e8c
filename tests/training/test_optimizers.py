"""Weight decay acts on kernels, rates follow one cosine, careful is slow."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.training.optimizers import CAREFUL_SHARE
from ntaa_tf.training.optimizers import CarefulSGD
from ntaa_tf.training.optimizers import make_optimizer


@pytest.fixture
def model():
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(4, 3)(inputs)
    hidden = keras.layers.BatchNormalization()(hidden)
    hidden = keras.layers.GlobalAveragePooling2D()(hidden)
    return keras.Model(inputs, keras.layers.Dense(2)(hidden))


def test_only_kernels_decay(model):
    before = {v.path: v.numpy() for v in model.trainable_variables}
    optimizer = make_optimizer(model, 0.1, 0.5, 10)
    zeros = [tf.zeros(v.shape) for v in model.trainable_variables]
    optimizer.apply(zeros, model.trainable_variables)
    for variable in model.trainable_variables:
        decays = not np.array_equal(variable.numpy(), before[variable.path])
        assert decays == ("kernel" in variable.path)


def test_a_cosine_may_begin_in_its_middle(model):
    rates = [
        float(make_optimizer(model, 0.1, 0.0, 10, first).learning_rate)
        for first in (0, 5, 10)
    ]
    assert rates == pytest.approx([0.1, 0.05, 0.0])


@pytest.mark.parametrize("first_step", [0, 4])
def test_the_cosine_spans_the_same_epochs_when_gradients_accumulate(
    model, first_step
):
    rates = []
    for accumulation in (1, 2):
        optimizer = make_optimizer(
            model, 0.1, 0.0, 10, first_step, accumulation_steps=accumulation
        )
        zeros = [tf.zeros(v.shape) for v in model.trainable_variables]
        for _ in range(4):
            optimizer.apply(zeros, model.trainable_variables)
        rates.append(float(optimizer.learning_rate))
    assert rates[0] == pytest.approx(rates[1])
    assert rates[0] < 0.1


def test_a_stage_begins_with_a_whole_update(model):
    optimizer = make_optimizer(model, 0.1, 0.0, 10, 5, accumulation_steps=2)
    before = [v.numpy() for v in model.trainable_variables]
    ones = [tf.ones(v.shape) for v in model.trainable_variables]
    for moves in (False, True):
        optimizer.apply(ones, model.trainable_variables)
        pairs = zip(model.trainable_variables, before, strict=True)
        assert all(np.any(new != old) == moves for new, old in pairs)


@pytest.mark.parametrize("passes_variables", [True, False])
def test_careful_weights_move_by_a_share_before_the_norm_is_clipped(
    passes_variables,
):
    """The same as plain SGD on gradients that are scaled beforehand."""
    values, gradients = np.ones(3), np.array([2.0, 3.0, 600.0])
    shares = np.array([1.0, 1.0, CAREFUL_SHARE])
    moved = []
    for shared in (False, True):
        weights = [keras.Variable(value) for value in values]
        options = {"learning_rate": 0.1, "momentum": 0.9}
        options["global_clipnorm"] = 5.0
        optimizer = keras.optimizers.SGD(**options)
        given = gradients * shares
        if shared:
            optimizer = CarefulSGD(weights[2:], **options)
            given = gradients
        optimizer.build(weights)
        arguments = [weights] if passes_variables else []
        for _ in range(3):
            tensors = [tf.constant(g, "float32") for g in given]
            optimizer.apply(tensors, *arguments)
        moved.append([float(weight) for weight in weights])
    np.testing.assert_allclose(*moved, rtol=1e-6)
    assert not np.allclose(moved[0], values)


def test_a_careful_weight_without_a_gradient_stays():
    weights = [keras.Variable(1.0), keras.Variable(1.0)]
    optimizer = CarefulSGD(weights[1:], learning_rate=0.5)
    optimizer.apply([tf.constant(1.0), None], weights)
    assert [float(weight) for weight in weights] == [0.5, 1.0]


def test_an_overflow_moves_no_careful_weight(model):
    """In float16 gradients are scaled after unscaling, or skipped."""
    careful = [model.layers[1].kernel]
    optimizer = make_optimizer(
        model, 0.1, 0.0, 10, scales_loss=True, careful=careful
    )
    before = careful[0].numpy()
    variables = model.trainable_variables
    for value, moves in ((np.inf, False), (1e3, True)):
        gradients = [tf.fill(v.shape, value) for v in variables]
        optimizer.apply(gradients, variables)
        assert np.any(careful[0].numpy() != before) == moves
