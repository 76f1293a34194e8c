"""Calibration estimates moving statistics, and nothing else changes."""

import keras
import numpy as np
import pytest

from ntaa_tf.training.batch_norm_calibration import Recalibration


@pytest.fixture
def model():
    inputs = keras.Input((4, 4, 3))
    frozen = keras.layers.BatchNormalization(trainable=False, name="frozen")
    norm = keras.layers.BatchNormalization(momentum=0.99, name="norm")
    return keras.Model(inputs, norm(frozen(inputs)))


@pytest.fixture
def batches(rng):
    return [
        (3 + 2 * rng.normal(size=(16, 4, 4, 3))).astype("float32")
        for _ in range(5)
    ]


def test_statistics_are_the_means_over_the_batches(model, batches):
    Recalibration(model)(batches)
    norm = model.get_layer("norm")
    means = np.mean([b.mean((0, 1, 2)) for b in batches], axis=0)
    variances = np.mean([b.var((0, 1, 2)) for b in batches], axis=0)
    # The frozen layer before it divides by sqrt(1 + epsilon).
    np.testing.assert_allclose(norm.moving_mean, means, rtol=1e-3)
    np.testing.assert_allclose(norm.moving_variance, variances, rtol=5e-3)


def test_nothing_else_changes(model, batches):
    norm, frozen = model.get_layer("norm"), model.get_layer("frozen")
    before = [*frozen.get_weights(), norm.gamma.numpy(), norm.beta.numpy()]
    Recalibration(model)(batches)
    after = [*frozen.get_weights(), norm.gamma.numpy(), norm.beta.numpy()]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert norm.momentum == 0.99


def test_what_stood_there_does_not_matter(model, batches):
    norm = model.get_layer("norm")
    Recalibration(model)(batches)
    first = norm.moving_mean.numpy()
    norm.moving_mean.assign([1e6, -1e6, 0])
    Recalibration(model)(batches)
    np.testing.assert_allclose(norm.moving_mean, first)


def test_temporary_recalibration_leaves_no_trace_at_all(batches):
    inputs = keras.Input((4, 4, 3))
    hidden = keras.layers.BatchNormalization()(inputs)
    model = keras.Model(inputs, keras.layers.Dropout(0.5)(hidden))
    before = [variable.numpy() for variable in model.variables]
    with Recalibration(model).temporarily(batches):
        pass
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(variable, old, err_msg=variable.path)


def test_without_batch_norm_no_batch_is_read():
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, keras.layers.ReLU()(inputs))

    def refuse():
        raise AssertionError("no batch was needed")
        yield

    Recalibration(model)(refuse())


def test_temporary_statistics_are_put_back(model, batches):
    norm = model.get_layer("norm")
    before = norm.get_weights()
    with Recalibration(model).temporarily(batches):
        assert np.all(norm.moving_mean.numpy() > 2)
    for old, new in zip(before, norm.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_better_statistics_are_kept(model, batches):
    measured = iter([0.5, 0.75])
    score = Recalibration(model).if_better(batches, lambda: next(measured))
    assert score == 0.75
    expected = [w.copy() for w in model.get_layer("norm").get_weights()]
    Recalibration(model)(batches)
    for kept, anew in zip(
        model.get_layer("norm").get_weights(), expected, strict=True
    ):
        np.testing.assert_allclose(kept, anew, rtol=1e-6)
    np.testing.assert_allclose(expected[2], 3, atol=0.3)


@pytest.mark.parametrize("after", [0.25, 0.5, float("nan")])
def test_statistics_that_are_no_better_leave_no_trace(model, batches, after):
    before = [w.copy() for w in model.get_weights()]
    measured = iter([0.5, after])
    score = Recalibration(model).if_better(batches, lambda: next(measured))
    assert score == 0.5
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_without_batch_norm_it_is_measured_once():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    measured = iter([0.5])
    assert Recalibration(model).if_better([], lambda: next(measured)) == 0.5
