"""Weights and logits learn together, from the source to the argmax."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from search.small_models import make_residual
from search.small_models import make_small_supernet
from search.small_models import randomize

from ntaa_tf import collapse
from ntaa_tf import insert_mixed_ops
from ntaa_tf.search.penalties import SourcePenalty


def compile_supernet(supernet, **kwargs):
    options = {
        "optimizer": keras.optimizers.SGD(0.1),
        "architecture_optimizer": keras.optimizers.SGD(0.1),
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": ["accuracy"],
    }
    supernet.compile(**options | kwargs)
    return supernet


@pytest.fixture
def supernet(rng):
    return make_small_supernet(rng)


@pytest.fixture
def whole_supernet(rng):
    """All candidates at all sites, for what must hold for each of them."""
    return insert_mixed_ops(randomize(make_residual(), rng))


@pytest.fixture
def batch(rng):
    images = rng.normal(size=(8, 16, 16, 3)).astype("float32")
    return images, rng.integers(4, size=8)


def copy_values(variables):
    return [variable.numpy() for variable in variables]


def changed(variables, before):
    return [
        not np.array_equal(variable.numpy(), value)
        for variable, value in zip(variables, before, strict=True)
    ]


def test_each_optimizer_moves_its_own_variables_only(supernet, batch):
    variables, logits = supernet.network_variables, supernet.logits
    still = keras.optimizers.SGD(0.0)
    options = {"start": "paper", "run_eagerly": True}
    compile_supernet(supernet, optimizer=still, **options)
    before = copy_values(variables), copy_values(logits)
    supernet.fit(*batch, verbose=0)
    assert not any(changed(variables, before[0]))
    assert all(changed(logits, before[1]))

    still = keras.optimizers.SGD(0.0)
    compile_supernet(supernet, architecture_optimizer=still, **options)
    before = copy_values(variables), copy_values(logits)
    supernet.fit(*batch, verbose=0)
    moved = zip(variables, changed(variables, before[0]), strict=True)
    # The gradient of a bias before a batch norm is 0, up to rounding.
    assert all(is_moved for v, is_moved in moved if v.name != "bias")
    assert not any(changed(logits, before[1]))


def test_weights_and_logits_are_all_that_trains(whole_supernet):
    supernet = whole_supernet
    parts = [*supernet.network_variables, *supernet.logits]
    assert {id(v) for v in parts} == {
        id(v) for v in supernet.trainable_variables
    }
    assert len(supernet.logits) == 4


def test_penalty_pushes_the_source_down_and_the_others_up():
    logits = tf.Variable(np.arange(4.0))
    with tf.GradientTape() as tape:
        loss = SourcePenalty(0.3)(logits)
    assert float(loss) == pytest.approx(0.3 * (0 - 1 - 2 - 3))
    np.testing.assert_allclose(
        tape.gradient(loss, logits), [0.3, -0.3, -0.3, -0.3]
    )


def test_penalty_is_part_of_the_loss(supernet, batch):
    compile_supernet(supernet, source_penalty=0.0)
    without = supernet.evaluate(*batch, verbose=0)[0]
    compile_supernet(supernet, source_penalty=0.5)
    logits = [choice.logits.numpy() for choice in supernet.choices]
    expected = without + 0.5 * sum(2 * own[0] - own.sum() for own in logits)
    assert supernet.evaluate(*batch, verbose=0)[0] == pytest.approx(
        expected, rel=1e-5
    )


def test_logits_do_not_decay(supernet, batch):
    decaying = keras.optimizers.SGD(0.1, weight_decay=0.5)
    compile_supernet(
        supernet,
        optimizer=decaying,
        architecture_optimizer=keras.optimizers.SGD(0.0),
        run_eagerly=True,
    )
    before = copy_values(supernet.logits)
    supernet.fit(*batch, verbose=0)
    assert not any(changed(supernet.logits, before))


def test_the_search_ends_where_collapse_changes_nothing(whole_supernet, batch):
    supernet = compile_supernet(whole_supernet)
    supernet.fit(*batch, epochs=3, verbose=0)
    images = batch[0]
    np.testing.assert_allclose(
        collapse(supernet)(images), supernet(images), atol=1e-5
    )


def test_pulls_follow_the_progress_also_when_going_on(supernet, batch):
    compile_supernet(supernet)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            choice = self.model.choices[0]
            seen.append((float(choice.start_pull), float(choice.end_pull)))

    options = {"epochs": 8, "batch_size": 4, "verbose": 0}
    supernet.fit(*batch, **options, callbacks=[Watch()])
    assert seen[0] == (1, 0)
    assert seen[4] == (0, 0)
    assert seen[-1][1] > 0.7
    whole, seen = seen, []
    supernet.fit(*batch, **options, initial_epoch=6, callbacks=[Watch()])
    assert seen == whole[12:]


def test_choices_are_absent_only_while_the_mixture_ends(supernet, batch):
    compile_supernet(supernet, absence=0.5)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append([float(c.absence) for c in self.model.choices])

        def on_epoch_end(self, epoch, logs=None):
            assert all(float(c.absence) == 0 for c in self.model.choices)

    supernet.fit(*batch, epochs=8, batch_size=1, verbose=0, callbacks=[Watch()])
    # ρ rises from three quarters of the search on.
    begin = 3 * len(seen) // 4 + 1
    assert not np.any(seen[:begin])
    ending = np.array(seen[begin:])
    assert 0.2 < ending.mean() < 0.8


def test_data_of_unknown_length_are_refused(supernet, batch):
    compile_supernet(supernet)

    def generate():
        yield batch

    with pytest.raises(ValueError, match="`steps_per_epoch`"):
        supernet.fit(generate(), verbose=0)
    supernet.fit(generate(), steps_per_epoch=1, verbose=0)


def test_a_supernet_that_was_not_compiled_survives_a_file(
    supernet, batch, tmp_path
):
    supernet.save(tmp_path / "supernet.keras")
    reopened = keras.models.load_model(tmp_path / "supernet.keras")
    np.testing.assert_array_equal(reopened(batch[0]), supernet(batch[0]))


def test_loss_scaling_does_not_change_the_step(batch):
    steps = []
    for scaled in (False, True):
        supernet = make_small_supernet(np.random.default_rng(0))
        optimizer = keras.optimizers.SGD(0.1)
        if scaled:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        compile_supernet(supernet, optimizer=optimizer, start="paper")
        supernet.fit(*batch, shuffle=False, verbose=0)
        steps.append(copy_values(supernet.trainable_variables))
    for plain, scaled in zip(*steps, strict=True):
        np.testing.assert_allclose(plain, scaled, rtol=1e-3, atol=1e-4)


def test_paper_s_mixture_is_kept_on_request(supernet, batch):
    compile_supernet(supernet, start="paper", end="paper")
    supernet.fit(*batch, epochs=2, verbose=0)
    for choice in supernet.choices:
        assert float(choice.start_pull) == float(choice.end_pull) == 0


def test_a_supernet_survives_a_file_with_both_optimizers(
    supernet, batch, tmp_path
):
    compile_supernet(
        supernet,
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        architecture_optimizer=keras.optimizers.Adam(0.1),
        source_penalty=0.1,
        relaxation="gumbel",
    )
    supernet.fit(*batch, verbose=0)
    supernet.save(tmp_path / "supernet.keras")
    reopened = keras.models.load_model(tmp_path / "supernet.keras")
    np.testing.assert_array_equal(reopened(batch[0]), supernet(batch[0]))
    assert reopened.source_penalty == 0.1
    assert {choice.relaxation for choice in reopened.choices} == {"gumbel"}
    for name in ("optimizer", "architecture_optimizer"):
        pairs = zip(
            getattr(reopened, name).variables,
            getattr(supernet, name).variables,
            strict=True,
        )
        for loaded, saved in pairs:
            np.testing.assert_array_equal(loaded, saved)


def test_gumbel_moves_logits_and_ends_where_collapse_changes_nothing(
    whole_supernet, batch
):
    supernet = compile_supernet(whole_supernet, relaxation="gumbel")
    before = copy_values(supernet.logits)
    supernet.fit(*batch, epochs=20, verbose=0)
    assert all(changed(supernet.logits, before))
    supernet.settle()
    np.testing.assert_allclose(
        collapse(supernet)(batch[0]), supernet(batch[0]), atol=1e-5
    )


def test_single_paths_train_the_weights_of_all_candidates_but_no_logits(
    supernet, batch
):
    compile_supernet(supernet, relaxation="single_path", source_penalty=0.1)
    variables = supernet.network_variables
    before = copy_values(variables), copy_values(supernet.logits)
    supernet.fit(*batch, epochs=30, verbose=0)
    assert all(changed(variables, before[0]))
    assert not any(changed(supernet.logits, before[1]))


@pytest.mark.long
@pytest.mark.parametrize("relaxation", ["gumbel", "single_path"])
def test_drawing_lowers_the_loss(supernet, batch, relaxation):
    compile_supernet(supernet, relaxation=relaxation)
    history = supernet.fit(*batch, epochs=40, verbose=0).history
    assert np.mean(history["loss"][-10:]) < 0.7 * history["loss"][0]


def test_training_lowers_the_loss(supernet, batch):
    compile_supernet(supernet)
    history = supernet.fit(*batch, epochs=30, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]


def test_unknown_relaxations_are_refused(supernet):
    with pytest.raises(
        ValueError, match=r"`relaxation`.*'gumbel'.*'reinforce'"
    ):
        compile_supernet(supernet, relaxation="reinforce")


@pytest.mark.parametrize("argument", ["start", "end"])
def test_unknown_schedules_are_refused(supernet, argument):
    with pytest.raises(ValueError, match=rf"`{argument}`.*'exact'.*'slow'"):
        compile_supernet(supernet, **{argument: "slow"})


def test_several_steps_in_one_call_are_the_same_steps(rng):
    """Also where the number of steps is not a multiple of those in a call."""
    images = rng.normal(size=(20, 16, 16, 3)).astype("float32")
    labels = rng.integers(4, size=20)
    supernets = []
    for steps in (1, 4, 5):
        supernet = make_small_supernet(np.random.default_rng(0))
        compile_supernet(supernet, steps_per_execution=steps)
        options = {"batch_size": 2, "epochs": 2, "shuffle": False, "verbose": 0}
        supernet.fit(images, labels, **options)
        assert float(supernet.progress) == 1
        supernets.append(supernet)
    for one, *several in zip(*(s.variables for s in supernets), strict=True):
        for other in several:
            np.testing.assert_allclose(
                one, other, rtol=1e-4, atol=1e-5, err_msg=one.path
            )


def test_the_mixture_anneals_within_one_call(supernet, batch):
    compile_supernet(supernet, steps_per_execution=4)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            choice = self.model.choices[0]
            seen.append((float(choice.start_pull), float(choice.end_pull)))

    options = {"epochs": 2, "batch_size": 2, "verbose": 0}
    supernet.fit(*batch, **options, callbacks=[Watch()])
    # The last of each 4 steps begins at 3 / 8 and 7 / 8 of the search.
    assert seen == [(0.0, 0.0), (0.0, pytest.approx(0.5))]


def test_progress_stands_still_outside_of_fit(supernet, batch):
    compile_supernet(supernet)
    supernet.fit(*batch, verbose=0)
    supernet.progress.assign(0.5)
    supernet.train_on_batch(*batch)
    assert float(supernet.progress) == 0.5


@pytest.mark.parametrize("kind", [keras.optimizers.SGD, keras.optimizers.Adam])
def test_no_logit_moves_in_the_warm_up(kind, supernet, batch):
    rate = 0.01
    compile_supernet(
        supernet,
        architecture_optimizer=kind(rate),
        warm_up=0.5,
        source_penalty=0.1,
    )
    before = copy_values(supernet.logits)
    moved = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: moved.append(
            any(changed(supernet.logits, before))
        )
    )
    supernet.fit(*batch, epochs=4, verbose=0, callbacks=[note])
    assert moved == [False, False, True, True]
    for logits, old in zip(supernet.logits, before, strict=True):
        assert np.abs(logits - old).max() < 3 * rate


@pytest.mark.parametrize("warm_up", [0.0, 0.9])
def test_penalties_beside_the_optimizer_move_logits_by_themselves(
    supernet, batch, warm_up
):
    """In the loss, Adam would move the logits at full speed."""
    compile_supernet(
        supernet,
        architecture_optimizer=keras.optimizers.Adam(0.5),
        source_penalty=0.01,
        decouples_penalties=True,
        warm_up=warm_up,
    )
    before = copy_values(supernet.logits)
    zeros = [np.zeros(logits.shape, "float32") for logits in supernet.logits]
    supernet.move_logits(zeros)
    for logits, old in zip(supernet.logits, before, strict=True):
        slope = np.array([0.01] + [-0.01] * (len(old) - 1))
        expected = old - 0.5 * slope * (warm_up == 0)
        np.testing.assert_allclose(logits, expected, atol=1e-6)
    assert all(logits.regularizer is None for logits in supernet.logits)
