import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf import insert_mixed_ops
from ntaa_tf.training import DivergenceError
from ntaa_tf.training import fit_resumably
from ntaa_tf.training import make_optimizer

EPOCHS, STEPS = 4, 3


def make_model():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    hidden = layers.Conv2D(4, 3, padding="same")(inputs)
    hidden = layers.Conv2D(4, 3, padding="same", name="site")(hidden)
    hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(hidden))
    return keras.Model(inputs, layers.Dense(2)(hidden))


def make_plain():
    model = make_model()
    optimizer = make_optimizer(model, 0.1, 1e-3, EPOCHS * STEPS)
    model.compile(optimizer, loss="mse")
    optimizer.build(model.trainable_variables)
    return model


def make_supernet():
    supernet = insert_mixed_ops(make_model())
    supernet.compile(
        make_optimizer(supernet, 0.1, 1e-3, EPOCHS * STEPS),
        architecture_optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        loss="mse",
    )
    return supernet


def make_batches(first_epoch):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(EPOCHS * STEPS, 4, 8, 8, 3)).astype("float32")
    targets = rng.normal(size=(EPOCHS * STEPS, 4, 2)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((images, targets))
    return data.skip(first_epoch * STEPS)


class KilledError(Exception):
    pass


class Kill(keras.callbacks.Callback):
    """Stops a training in the middle of an epoch, as a signal would."""

    def __init__(self, epoch):
        super().__init__()
        self._epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self._now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self._now, batch) == (self._epoch, 1):
            raise KilledError


def fit(model, directory, callbacks=(), batches=make_batches):
    return fit_resumably(
        model, batches, EPOCHS, STEPS, directory, list(callbacks)
    )


@pytest.mark.parametrize("make", [make_plain, make_supernet])
def test_a_killed_training_ends_as_one_that_was_not(make, tmp_path):
    whole = make()
    history = fit(whole, tmp_path / "whole")
    for epoch in (0, 2):
        with pytest.raises(KilledError):
            fit(make(), tmp_path / "killed", [Kill(epoch)])
    resumed = make()
    resumed_history = fit(resumed, tmp_path / "killed")
    assert resumed_history.keys() == history.keys()
    for name, values in history.items():
        assert resumed_history[name] == pytest.approx(values), name
    for a, b in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6, err_msg=a.path)


def test_a_finished_training_is_not_run_again(tmp_path):
    history = fit(make_plain(), tmp_path)

    def refuse(first_epoch):
        raise AssertionError("no batches were needed")

    again = make_plain()
    assert fit(again, tmp_path, batches=refuse) == history


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    fit(make_plain(), tmp_path)
    inputs = keras.Input((8, 8, 3))
    foreign = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    foreign.compile(keras.optimizers.SGD(0.1), loss="mse")
    foreign.optimizer.build(foreign.trainable_variables)
    with pytest.raises(ValueError, match=r"Invalid checkpoint.*Delete"):
        fit(foreign, tmp_path)


def test_a_corrupt_checkpoint_is_refused(tmp_path):
    fit(make_plain(), tmp_path)
    for data in (tmp_path / "checkpoints").glob("epoch-*.index"):
        data.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match=r"Invalid checkpoint.*Delete"):
        fit(make_plain(), tmp_path)


def test_a_diverging_loss_stops_and_keeps_the_last_good_state(tmp_path):
    def poisoned(first_epoch):
        batches = make_batches(first_epoch)
        bad = batches.take(1).map(lambda x, y: (x * np.nan, y))
        good = batches.take(2 * STEPS)
        return good.concatenate(bad).concatenate(batches)

    model = make_plain()
    with pytest.raises(DivergenceError, match=r"nan.*--learning_rate"):
        fit(model, tmp_path, batches=poisoned)
    resumed = make_plain()
    history = fit(resumed, tmp_path)
    assert len(history["loss"]) == EPOCHS
    assert np.all(np.isfinite(history["loss"]))


def test_only_kernels_decay():
    model = make_plain()
    before = {v.path: v.numpy() for v in model.trainable_variables}
    optimizer = make_optimizer(model, 0.1, 0.5, 10)
    zeros = [tf.zeros(v.shape) for v in model.trainable_variables]
    optimizer.apply(zeros, model.trainable_variables)
    for variable in model.trainable_variables:
        decays = not np.array_equal(variable.numpy(), before[variable.path])
        assert decays == ("kernel" in variable.path)


def test_a_cosine_may_begin_in_its_middle():
    model = make_plain()
    rates = [
        float(make_optimizer(model, 0.1, 0.0, 10, first).learning_rate)
        for first in (0, 5, 10)
    ]
    assert rates == pytest.approx([0.1, 0.05, 0.0])
