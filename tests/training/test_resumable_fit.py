"""A killed training goes on, and ends as one that was not killed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf import insert_mixed_ops
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.search.bilevel import BilevelSupernet
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.training.divergence import DivergenceError
from ntaa_tf.training.optimizers import count_accumulated
from ntaa_tf.training.optimizers import make_optimizer
from ntaa_tf.training.precision import set_precision
from ntaa_tf.training.rematerialization import Rematerialized
from ntaa_tf.training.resumable_fit import choose_steps_per_execution
from ntaa_tf.training.resumable_fit import fit_resumably

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


def prepare(model, precision, accumulation):
    set_precision(model, precision)
    return make_optimizer(
        model,
        0.1,
        1e-3,
        EPOCHS * STEPS,
        accumulation_steps=accumulation,
        scales_loss=precision == "float16",
    )


def make_plain(precision="none", accumulation=1, **kwargs):
    model = Rematerialized(*single_or_list(make_model()))
    optimizer = prepare(model, precision, accumulation)
    model.compile(optimizer, loss="mse", **kwargs)
    optimizer.build(model.trainable_variables)
    return model


def make_supernet(precision="none", accumulation=1, kind=Supernet, **kwargs):
    supernet = insert_mixed_ops(make_model(), "conv5x5,max_pool,noise")
    supernet = kind(*single_or_list(supernet))
    supernet.compile(
        prepare(supernet, precision, accumulation),
        architecture_optimizer=keras.optimizers.SGD(
            0.1,
            momentum=0.9,
            gradient_accumulation_steps=count_accumulated(accumulation),
        ),
        loss="mse",
        **kwargs,
    )
    return supernet


def make_bilevel(**kwargs):
    return make_supernet(kind=BilevelSupernet, **kwargs)


def make_batches(first_epoch):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(EPOCHS * STEPS, 4, 8, 8, 3)).astype("float32")
    targets = rng.normal(size=(EPOCHS * STEPS, 4, 2)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((images, targets))
    return data.skip(first_epoch * STEPS)


def make_pairs(first_epoch):
    """Return pairs of batches of two streams."""
    batches = make_batches(0)
    shifted = batches.skip(1).concatenate(batches.take(1))
    return tf.data.Dataset.zip(batches, shifted).skip(first_epoch * STEPS)


class KilledError(Exception):
    pass


class Kill(keras.callbacks.Callback):
    """Callback that raises in the middle of an epoch, as a signal would."""

    def __init__(self, epoch):
        super().__init__()
        self._epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self._now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self._now == self._epoch and batch > 0:
            raise KilledError


def fit(model, directory, callbacks=(), batches=make_batches):
    return fit_resumably(
        model, batches, EPOCHS, STEPS, directory, list(callbacks)
    )


def list_state(model):
    """List all state of a training: the model and its optimizers."""
    variables = [*model.variables, *model.optimizer.variables]
    if hasattr(model, "architecture_optimizer"):
        variables += model.architecture_optimizer.variables
    return variables


def check_resuming(make, options, batches, path):
    """Assert that a killed training ends as one in one piece."""
    whole = make(**options)
    history = fit(whole, path / "whole", batches=batches)
    with pytest.raises(KilledError):
        fit(make(**options), path / "killed", [Kill(2)], batches)
    resumed = make(**options)
    resumed_history = fit(resumed, path / "killed", batches=batches)
    assert resumed_history.keys() == history.keys()
    for name, values in history.items():
        assert resumed_history[name] == pytest.approx(values), name
    for a, b in zip(list_state(whole), list_state(resumed), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6, err_msg=a.path)


# Unrolled or not, the same state is saved.
@pytest.mark.parametrize(
    "unrolled", [False, pytest.param(True, marks=pytest.mark.long)]
)
def test_a_killed_bilevel_search_ends_as_one_that_was_not(unrolled, tmp_path):
    def make(**options):
        return make_bilevel(unrolled=unrolled, **options)

    check_resuming(make, {}, make_pairs, tmp_path)


OPTIONS = [
    # The loss scale is halved in the first steps.
    {"precision": "float16"},
    {"precision": "bfloat16"},
    # An epoch ends within an update.
    {"accumulation": 2},
    {"remat": True},
    {"steps_per_execution": STEPS},
]
ALL_OPTIONS = {
    "precision": "float16",
    "accumulation": 2,
    "remat": True,
    "steps_per_execution": STEPS,
}


@pytest.mark.parametrize("make", [make_plain, make_supernet])
@pytest.mark.parametrize(
    "options",
    [
        {},
        ALL_OPTIONS,  # It saves the state of every single option.
        *(pytest.param(one, marks=pytest.mark.long) for one in OPTIONS),
    ],
    ids=lambda options: "-".join(options) or "default",
)
def test_a_killed_training_ends_as_one_that_was_not(make, options, tmp_path):
    check_resuming(make, options, make_batches, tmp_path)


def test_a_training_killed_in_its_first_epoch_begins_anew(tmp_path):
    with pytest.raises(KilledError):
        fit(make_plain(), tmp_path, [Kill(0)])
    history = fit(make_plain(), tmp_path)
    assert [len(values) for values in history.values()] == [EPOCHS] * 2


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


def test_damaged_checkpoints_only_are_refused(tmp_path):
    fit(make_plain(), tmp_path)
    for data in (tmp_path / "checkpoints").glob("epoch-*.index"):
        data.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match=r"Invalid checkpoint.*Delete"):
        fit(make_plain(), tmp_path)


def truncate(file):
    file.write_bytes(file.read_bytes()[:100])


def leave_unfinished(file):
    (file.parent / "epoch-5_temp").mkdir()
    (file.parent / "epoch-5_temp" / "part").write_bytes(b"torn")


def damage_list(file):
    (file.parent / "checkpoint").write_bytes(b"\0torn")


def remove_list(file):
    (file.parent / "checkpoint").unlink()


@pytest.mark.parametrize(
    "damage, begun",
    [
        (truncate, [3]),  # Goes on from the checkpoint before.
        (leave_unfinished, []),
        (damage_list, []),
        (remove_list, []),
    ],
)
def test_a_damaged_last_checkpoint_costs_an_epoch(damage, begun, tmp_path):
    model = make_plain()
    history = fit(model, tmp_path)
    damage(tmp_path / "checkpoints" / "epoch-4.data-00000-of-00001")
    started = []

    def record(first_epoch):
        started.append(first_epoch)
        return make_batches(first_epoch)

    again = make_plain()
    resumed = fit(again, tmp_path, batches=record)
    assert started == begun
    assert resumed["loss"] == pytest.approx(history["loss"])
    assert not list((tmp_path / "checkpoints").glob("*_temp"))
    for a, b in zip(list_state(model), list_state(again), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


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


@pytest.mark.parametrize(
    ("steps", "most", "expected"),
    [(12, 1, 1), (12, 5, 4), (12, 12, 12), (12, 100, 12), (13, 12, 1)],
)
def test_executions_divide_the_epoch(steps, most, expected):
    assert choose_steps_per_execution(steps, most) == expected
