"""A training may end with its best epoch, also if it was killed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.training.best_epoch import BestEpoch
from ntaa_tf.training.best_epoch import find_best
from ntaa_tf.training.resumable_fit import ResumableState
from ntaa_tf.training.resumable_fit import fit_resumably

# The second is the best, and equal to the third, which is kept.
SCORES = [0.2, 0.9, 0.9, 0.5, 0.6]
STEPS = 3


class Score(keras.callbacks.Callback):
    """Callback that logs given scores, and keeps the weights of each epoch."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores
        self.weights = {}

    def on_epoch_end(self, epoch, logs=None):
        logs["val_accuracy"] = self.scores[epoch]
        self.weights[epoch + 1] = self.model.get_weights()


def make_model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(3)(inputs))
    hidden = keras.layers.Dropout(0.2)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(2)(hidden))
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss="mse")
    model.optimizer.build(model.trainable_variables)
    return model


def make_batches(first_epoch):
    rng = np.random.default_rng(0)
    shape = len(SCORES) * STEPS, 6
    features = rng.normal(size=(*shape, 4)).astype("float32")
    targets = rng.normal(size=(*shape, 2)).astype("float32")
    batches = tf.data.Dataset.from_tensor_slices((features, targets))
    return batches.skip(first_epoch * STEPS)


def fit(directory, scores=SCORES, best_score="val_accuracy"):
    """Train; return the model, its history and the weights of each epoch."""
    model, score = make_model(), Score(scores)
    history = fit_resumably(
        model,
        make_batches,
        len(scores),
        STEPS,
        directory,
        [score],
        best_score=best_score,
    )
    return model, history, score.weights


def assert_equal(weights, others):
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)


def list_files(directory):
    return sorted(file.name for file in directory.glob("best-*"))


def test_the_weights_are_those_of_the_best_epoch(tmp_path):
    model, history, weights = fit(tmp_path)
    assert history["val_accuracy"] == SCORES
    assert_equal(model.get_weights(), weights[3])
    assert list_files(tmp_path) == ["best-3.npz"]


def test_without_a_score_they_are_those_of_the_last_epoch(tmp_path):
    model, _, weights = fit(tmp_path, best_score=None)
    assert_equal(model.get_weights(), weights[len(SCORES)])
    assert list_files(tmp_path) == []


def test_the_log_tells_the_epoch(tmp_path, caplog):
    caplog.set_level("INFO")
    fit(tmp_path)
    assert f"{tmp_path}: kept epoch 3 of 5" in caplog.text


class KilledError(Exception):
    pass


@pytest.mark.parametrize("kind", [ResumableState, BestEpoch])
@pytest.mark.parametrize("epoch", range(len(SCORES)))
def test_a_killed_training_keeps_the_same_epoch(
    kind, epoch, tmp_path, monkeypatch
):
    """Killed before or after the checkpoint of each epoch is written."""
    whole, *_ = fit(tmp_path / "whole")
    save = kind.on_epoch_end

    def save_and_die(self, now, logs=None):
        save(self, now, logs)
        if now == epoch:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(kind, "on_epoch_end", save_and_die)
        with pytest.raises(KilledError):
            fit(tmp_path / "cut")
    resumed, history, _ = fit(tmp_path / "cut")
    assert history["val_accuracy"] == SCORES
    assert_equal(resumed.get_weights(), whole.get_weights())
    assert list_files(tmp_path / "cut") == ["best-3.npz"]


def test_a_finished_training_ends_with_the_same_weights(tmp_path):
    first, *_ = fit(tmp_path)
    again, *_ = fit(tmp_path)
    assert_equal(again.get_weights(), first.get_weights())


@pytest.mark.parametrize("last", [4, 5])
def test_a_damaged_checkpoint_leaves_the_best_epoch(last, tmp_path):
    """The file of an epoch stays as long as a checkpoint may need it."""
    scores = [0.1, 0.5, 0.2, 0.4, 0.9][:last]
    fit(tmp_path, scores)
    data = tmp_path / "checkpoints" / f"epoch-{last}.data-00000-of-00001"
    data.write_bytes(b"torn")
    _, _, expected = fit(tmp_path / "whole", scores)
    # The last epoch is trained again, and no longer the best.
    model, *_ = fit(tmp_path, [*scores[:-1], 0.0])
    assert_equal(model.get_weights(), expected[2])


@pytest.mark.parametrize("damage", [b"", b"torn", None])
def test_lost_weights_are_told_with_the_remedy(damage, tmp_path):
    fit(tmp_path)
    file = tmp_path / "best-3.npz"
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    with pytest.raises(ValueError, match=r"best-3\.npz can't be read.*Delete"):
        fit(tmp_path)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([0.5], 1),
        ([0.5, 0.4], 1),
        ([0.4, 0.4], 2),
        ([float("nan"), 0.0], 2),
        ([0.0, float("nan")], 1),
        ([float("nan"), float("nan")], 2),
    ],
)
def test_the_last_of_the_highest_is_the_best(scores, best):
    assert find_best(scores) == best
