"""Batch norm is set to the statistics of all replicas, or of one."""

import keras

from ntaa_tf.training.batch_norm_synchronization import synchronize


def test_batch_norm_is_synchronized_and_back_in_nested_models_too():
    inputs = keras.Input((8, 8, 3))
    norms = [keras.layers.BatchNormalization() for _ in range(2)]
    inner = keras.Sequential([keras.Input((8, 8, 3)), norms[0]])
    model = keras.Model(inputs, norms[1](inner(inputs)))
    for synchronized in (True, False):
        synchronize(model, synchronized)
        assert [norm.synchronized for norm in norms] == [synchronized] * 2
