"""Strategies by name, and choices that they refuse."""

import keras
import pytest

from ntaa_tf.distribute import count_replicas
from ntaa_tf.distribute import enter_strategy
from ntaa_tf.distribute import gather
from ntaa_tf.distribute import run_alone
from ntaa_tf.distribute import run_once
from ntaa_tf.distribute import sum_over_replicas


def test_a_single_device_is_a_single_replica():
    with enter_strategy("mirrored"):
        assert count_replicas() == 1
        total = keras.Variable(0.0)
        (one,) = sum_over_replicas([gather(keras.ops.ones((2,)))])
        run_once(lambda value: total.assign(value[0]), one)
    assert float(total.numpy()) == 1.0


def test_a_function_can_run_outside_of_a_strategy():
    def has_strategy():
        return keras.Model()._distribute_strategy is not None

    with enter_strategy("mirrored"):
        assert has_strategy()
        assert not run_alone(has_strategy)


def test_an_unknown_strategy_is_an_error():
    with pytest.raises(ValueError, match=r"`distribute`. Expected one of"):
        enter_strategy("typo")


def test_a_tpu_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="TensorFlow finds no TPU"):
        enter_strategy("tpu")


def test_several_workers_need_a_cluster():
    with pytest.raises(ValueError, match="TF_CONFIG is missing"):
        enter_strategy("multiworker")
